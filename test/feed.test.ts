import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import type { LayerType } from "../bindings/description.js";
import type { Chunk } from "../bindings/index.js";
import type { Stream } from "../bindings/model/stream.js";
import { loadMadeUp, makeUp } from "./support/models.js";
import { Random } from "./support/random.js";
import { grow } from "./support/random-model.js";
import { made, open } from "./support/stream.js";

/** Values in chunks of any length, empty ones among them. */
function cut(values: Float32Array, random: Random): Float32Array[] {
  const chunks: Float32Array[] = [];
  for (let at = 0; at < values.length;) {
    const length = random.integer(random.next() < 0.5 ? 4 : 90);
    chunks.push(values.subarray(at, at + length));
    at += length;
  }
  return chunks;
}

async function collect(outputs: AsyncIterable<Float32Array>): Promise<Float32Array[]> {
  const all: Float32Array[] = [];
  for await (const rows of outputs) all.push(rows);
  return all;
}

const sourceOf = (chunks: Iterable<Chunk>) =>
  new ReadableStream<Chunk>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });

const piped = (stream: Stream, chunks: Iterable<Chunk>) =>
  collect(sourceOf(chunks).pipeThrough(stream.transform()));

const joined = (chunks: readonly Float32Array[]) =>
  Float32Array.from(chunks.flatMap((rows) => [...rows]));

/** A model that returns its last output only. */
const classifier = makeUp(
  { width: 2 },
  [
    { name: "r", type: "rnn" },
    { name: "l", type: "last" },
  ],
  { "r.input": [3, 2], "r.recurrent": [3, 3] },
);

/** One whose outputs come two samples late. */
const late = makeUp({ width: 2 }, [{ name: "c", type: "convolution", padding: [0, 2] }], {
  "c.weight": [1, 3, 2],
});

const TYPES = ["lmu", "convolution", "pool", "dense", "gru", "last", "add"] as const;
const genomes = fc.record({
  width: fc.integer({ min: 1, max: 5 }),
  readsTokens: fc.constant(false),
  steps: fc.constant(undefined),
  genes: fc.array(
    fc.record({ type: fc.constantFrom<LayerType>(...TYPES), seed: fc.nat(2 ** 31 - 1) }),
    { minLength: 1, maxLength: 4 },
  ),
});

test("chunks of any size, of any model: joined, the outputs are those of run", async () => {
  const lengths = fc.constantFrom(1, 2, 5, 64, 131);
  await fc.assert(
    fc.asyncProperty(genomes, lengths, fc.nat(2 ** 31 - 1), async (genome, steps, seed) => {
      const model = await loadMadeUp(grow(genome));
      fc.pre(model.report().notStreamable === undefined);
      const random = new Random(seed);
      const input = random.floats(steps * model.inputSize);
      const control = model.stream();
      const pushed = control.push(input);
      const whole = model.returnsSequence ? joined([pushed, control.end()]) : control.end();
      const chunks = cut(input, random);
      expect(joined(await piped(model.stream(), chunks))).toEqual(whole);
      const over = await collect(model.stream().over(chunks));
      if (model.returnsSequence) expect(joined(over)).toEqual(whole);
      else expect(over.at(-1)).toEqual(whole);
    }),
    { numRuns: 150, seed: 1 },
  );
}, 60_000);

describe("Stream.transform()", () => {
  test("takes numbers, plain arrays, rows and parts of them", async () => {
    const stream = await open();
    const expected = (await open()).push([1, 2, 3, 4, 5, 6, 7, 8]);
    const chunks = [1, [2], [], new Float32Array([3]), [4, 5], new Int32Array([6, 7, 8])];
    const outputs = await piped(stream, chunks);
    expect(joined(outputs)).toEqual(expected);
    expect(outputs).toHaveLength(3);
    expect(stream.position).toBe(4);
  });

  test("gives the last output once, when the samples end, of models that return no other", async () => {
    const model = await loadMadeUp(classifier);
    const input = new Random(1).floats(20);
    const stream = model.stream();
    expect(await piped(stream, [input.subarray(0, 7), input.subarray(7)])).toEqual([
      model.run(input),
    ]);
    expect(await piped(model.stream(), [])).toEqual([]);
    // What does not look ahead goes on.
    expect(stream.step([0, 0])).toEqual(model.run([...input, 0, 0]));
  });

  test("gives what look-ahead held back, and has ended then", async () => {
    const model = await loadMadeUp(late);
    const input = new Random(2).floats(10);
    const stream = model.stream();
    const outputs = await piped(stream, [input.subarray(0, 4), input.subarray(4)]);
    expect(outputs.map(({ length }) => length)).toEqual([3, 2]);
    expect(joined(outputs)).toEqual(model.run(input));
    expect(() => stream.step([1, 1])).toThrow("has ended");
  });

  test("takes no chunk that nobody waits for", async () => {
    const stream = await open();
    const { readable, writable } = stream.transform();
    const [writer, reader] = [writable.getWriter(), readable.getReader()];
    void writer.write([1, 2]);
    void writer.write([3, 4]);
    await new Promise((resolve) => setTimeout(resolve));
    expect([stream.position, writer.desiredSize]).toEqual([0, -1]);
    await reader.read();
    await new Promise((resolve) => setTimeout(resolve));
    expect(stream.position).toBe(1);
    await reader.read();
    expect(stream.position).toBe(2);
  });

  test.each([
    [
      "a NaN",
      [
        [1, 2],
        [NaN, 1],
      ],
      { code: "input-invalid" },
    ],
    ["a NaN within a sample", [1, [NaN]], { code: "input-invalid" }],
    ["bytes", [[1, 2], new Uint8Array(2)], { name: "TypeError" }],
    ["a text", ["12"], { name: "TypeError" }],
    [
      "half a sample at the end",
      [[1, 2, 3]],
      {
        name: "RangeError",
        message: expect.stringContaining("ends with 1 values, expected a multiple of 2"),
      },
    ],
  ])("fails on both sides of %s", async (_, chunks, failure) => {
    const stream = await open();
    const { readable, writable } = stream.transform();
    const read = collect(readable);
    const written = sourceOf(chunks as Chunk[]).pipeTo(writable);
    await expect(written).rejects.toMatchObject(failure);
    await expect(read).rejects.toMatchObject(failure);
    // The stream is where its last good chunk left it.
    const control = await open();
    if (stream.position) control.push([1, 2]);
    expect(stream.step([5, 6])).toEqual(control.step([5, 6]));
  });

  test("aborted or cancelled it leaves the stream as it is", async () => {
    const [stream, control] = [await open(), await open()];
    const aborted = stream.transform();
    const writer = aborted.writable.getWriter();
    const reader = aborted.readable.getReader();
    await Promise.all([writer.write([1, 2, 3]), reader.read()]);
    const reason = new Error("enough");
    await writer.abort(reason);
    await expect(reader.read()).rejects.toBe(reason);
    await stream.transform().readable.cancel();
    control.step([1, 2]);
    expect(stream.position).toBe(1);
    expect(await piped(stream, [[4, 5]])).toEqual([control.push([4, 5])]);
  });

  test("fails once the stream is disposed", async () => {
    const stream = await open();
    const pipe = stream.transform();
    stream.dispose();
    const written = pipe.writable.getWriter().write([1, 2]);
    await expect(pipe.readable.getReader().read()).rejects.toMatchObject({ code: "disposed" });
    await expect(written).rejects.toMatchObject({ code: "disposed" });
  });

  test("says what a host without TransformStream can do", async () => {
    const stream = await open();
    vi.stubGlobal("TransformStream", undefined);
    try {
      expect(() => stream.transform()).toThrow(
        expect.objectContaining({ code: "host-unsupported" }),
      );
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

describe("Stream.over()", () => {
  test("gives an output for every sample of an array, number, row or chunk", async () => {
    const model = await loadMadeUp(classifier);
    const rows = [
      [1, 2],
      [3, 4],
      [5, 6],
    ];
    const outputs = await collect(model.stream().over(rows));
    expect(outputs).toEqual([1, 2, 3].map((n) => model.run(rows.slice(0, n).flat())));
    const halves = await collect(model.stream().over(new Float32Array([1, 2, 3, 4])));
    expect(halves.at(-1)).toEqual(outputs[1]);
  });

  test("gives arrays that stay as they are", async () => {
    const stream = await open();
    const [first, second] = await collect(
      stream.over([
        [1, 2],
        [3, 4],
      ]),
    );
    expect(joined([first!, second!])).toEqual((await open()).push([1, 2, 3, 4]));
  });

  test("closes the source when the loop is left, or when a sample is wrong", async () => {
    const closed: string[] = [];
    async function* source(name: string, ...chunks: Chunk[]) {
      try {
        yield* chunks;
      } finally {
        closed.push(name);
      }
    }
    const stream = await open();
    for await (const _ of stream.over(source("left", [1, 2], [3, 4]))) break;
    expect(closed).toEqual(["left"]);
    expect(stream.position).toBe(1);
    const wrong = collect(stream.over(source("wrong", [1, 2], [null as never, 1])));
    await expect(wrong).rejects.toThrow(TypeError);
    expect(closed).toEqual(["left", "wrong"]);
    expect(stream.position).toBe(2);
  });

  test("passes on what the source throws, as it is", async () => {
    const reason = new Error("microphone unplugged");
    async function* source() {
      yield [1, 2];
      throw reason;
    }
    await expect(collect((await open()).over(source()))).rejects.toBe(reason);
  });

  test.each([[5], [undefined], [{}]])("refuses %s at once", async (source) => {
    const stream = await open();
    expect(() => stream.over(source as never)).toThrow(TypeError);
  });
});

test("two pipes of one model do not see each other", async () => {
  const model = await loadMadeUp(made);
  const input = new Random(3).floats(200);
  const random = new Random(4);
  const outputs = await Promise.all(
    Array.from({ length: 8 }, () => piped(model.stream(), cut(input, random))),
  );
  for (const output of outputs) expect(joined(output)).toEqual(model.run(input));
});
