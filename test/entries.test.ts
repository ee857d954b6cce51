import { afterAll, describe, expect, test } from "vitest";
import type * as Index from "../bindings/index.js";
import type * as Worker from "../bindings/worker/worker.js";
import { fileOf, makeUp } from "./support/models.js";
import { Random } from "./support/random.js";

/*
 * The main entry and the one in a worker, as they are shipped: whatever is wrong, both say the same, and both go on.
 */

const dist = new URL("../dist/", import.meta.url).href;
const main = (await import(`${dist}index.js`)) as typeof Index;
const { load, LmuWorker } = (await import(`${dist}worker/worker.js`)) as typeof Worker;
const worker = new LmuWorker();
afterAll(() => void worker.terminate());

const recurrent = makeUp({ width: 2 }, [{ name: "r", type: "rnn" }], {
  "r.input": [3, 2],
  "r.recurrent": [3, 3],
});
const whole = makeUp({ width: 1 }, [{ name: "r", type: "reverse" }], {});
const reader = makeUp({ vocabulary: 4 }, [{ name: "e", type: "embedding" }], {
  "e.weight": [4, 2],
});
const [file, wholeFile, readerFile] = [recurrent, whole, reader].map(fileOf);
const input = new Random(1).floats(40);

/** What both entries offer, with promises or without. */
interface Model {
  run(input: unknown, options?: unknown): unknown;
  stream(): Stream | Promise<Stream>;
  dispose(): void;
}
interface Stream {
  step(sample: unknown, output?: unknown): unknown;
  push(chunk: unknown, output?: unknown): unknown;
  end(output?: unknown): unknown;
  dispose(): void;
}
type Load = (source: unknown, options?: object) => Promise<Model>;

const LOADS: readonly Load[] = [
  main.load as unknown as Load,
  ((source: string, options) => load(source, { ...options, worker })) as Load,
];

/** Class, code and message of what a call throws. */
async function errorOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    if (!(error instanceof Error)) return error;
    const { message, code } = error as Index.LmuError;
    return { kind: error.constructor.name, code, message };
  }
  return "nothing was thrown";
}

/** What both entries throw, which must be the same. */
async function errorOfBoth(call: (load: Load) => unknown): Promise<unknown> {
  const [one, other] = LOADS.map((load) => errorOf(() => call(load)));
  expect(await other).toEqual(await one);
  return one;
}

/** The same for a call of a model or a stream, which go on as if it had not been made. */
async function refusalOf(call: (model: Model, stream: Stream) => unknown): Promise<unknown> {
  return errorOfBoth(async (load) => {
    const model = await load(file);
    const stream = await model.stream();
    const error = await errorOf(() => call(model, stream));
    expect(await stream.push(input)).toEqual(await model.run(input));
    model.dispose();
    throw error;
  });
}

const nothing = () => 1;

/** An array that has been transferred. */
function detached(): Float32Array {
  const array = new Float32Array(4);
  structuredClone(array, { transfer: [array.buffer] });
  return array;
}

const inputs: readonly (readonly [string, unknown, string])[] = [
  ["nothing", undefined, "TypeError"],
  ["null", null, "TypeError"],
  ["a text", "ab", "TypeError"],
  ["an object", { length: 2 }, "TypeError"],
  ["a function", nothing, "TypeError"],
  ["a symbol", Symbol("s"), "TypeError"],
  ["functions", [nothing, 1], "TypeError"],
  ["symbols", [Symbol("s"), 1], "TypeError"],
  ["texts", ["1", "2"], "TypeError"],
  ["null within", [1, null], "TypeError"],
  ["bigints", [1n, 2n], "TypeError"],
  ["a Buffer", Buffer.from([1, 2]), "TypeError"],
  ["bytes", new Uint8Array(2), "TypeError"],
  ["clamped bytes", new Uint8ClampedArray(2), "TypeError"],
  ["16-bit integers", new Int16Array(2), "TypeError"],
  ["64-bit integers", new BigInt64Array(2), "TypeError"],
  ["a DataView", new DataView(new ArrayBuffer(8)), "TypeError"],
  ["a buffer", new ArrayBuffer(8), "TypeError"],
  ["NaN", [1, NaN], "LmuError"],
  ["NaN in floats", Float32Array.of(NaN, 1), "LmuError"],
  ["what overflows", [1e39, 1], "LmuError"],
  ["too few", [1], "RangeError"],
  ["too many", [1, 2, 3], "RangeError"],
  ["an array that was given away", detached(), "RangeError"],
];

const outputs: readonly (readonly [string, unknown, string])[] = [
  ["null", null, "TypeError"],
  ["a number", 0, "TypeError"],
  ["a list", [0, 0, 0], "TypeError"],
  ["a function", nothing, "TypeError"],
  ["doubles", new Float64Array(3), "TypeError"],
  ["too short", new Float32Array(2), "RangeError"],
  ["too long", new Float32Array(4), "RangeError"],
  ["given away", detached(), "RangeError"],
];

describe("both refuse, and nothing changes", () => {
  test.each(inputs)("an input that is %s", async (_, value, kind) => {
    expect(await refusalOf((model) => model.run(value))).toMatchObject({ kind });
    expect(await refusalOf((_, stream) => stream.step(value))).toMatchObject({ kind });
    // A chunk of no samples is one.
    if (value instanceof Float32Array && value.length === 0) return;
    expect(await refusalOf((_, stream) => stream.push(value))).toMatchObject({ kind });
  });

  test.each(outputs)("an output that is %s", async (_, output, kind) => {
    expect(await refusalOf((model) => model.run([1, 2], { output }))).toMatchObject({ kind });
    expect(await refusalOf((_, stream) => stream.step([1, 2], output))).toMatchObject({ kind });
    expect(await refusalOf((_, stream) => stream.push([1, 2], output))).toMatchObject({ kind });
    if (output instanceof Float32Array && output.length === 0) return;
    expect(await refusalOf((_, stream) => stream.end(output))).toMatchObject({ kind });
  });

  test("numbers, where they are not the sample itself", async () => {
    expect(await refusalOf((model) => model.run(1))).toMatchObject({ kind: "TypeError" });
    expect(await refusalOf((_, stream) => stream.push(1))).toMatchObject({ kind: "TypeError" });
    expect(await refusalOf((_, stream) => stream.step(1))).toMatchObject({ kind: "RangeError" });
  });

  test.each([
    [null, "TypeError"],
    [2, "TypeError"],
    [{ batch: 0 }, "RangeError"],
    [{ batch: "1" }, "RangeError"],
    [{ batch: Symbol("b") }, "RangeError"],
    [{ batch: 3 }, "RangeError"],
  ])("options %o", async (options, kind) => {
    expect(await refusalOf((model) => model.run([1, 2], options))).toMatchObject({ kind });
  });

  test("options that there are not, naming those that there are", async () => {
    const words = 'Cannot run the model: options has "Batch", expected ';
    const [one, other] = LOADS.map((load) =>
      errorOf(async () => (await load(file)).run([1, 2], { Batch: 1 })),
    );
    expect(await one).toMatchObject({ kind: "TypeError", message: `${words}prefill,batch,output` });
    expect(await other).toMatchObject({
      kind: "TypeError",
      message: `${words}batch,output,prefill,signal,transfer`,
    });
  });

  test.each([[[4]], [[-1]], [[0.5]], [new Int32Array([4])], [new Uint8Array(1)]])(
    "ids %o",
    async (ids) => {
      const error = await errorOfBoth(async (load) => (await load(readerFile)).run(ids));
      expect(error).toHaveProperty(
        "message",
        expect.stringContaining("Cannot run the model: input"),
      );
    },
  );

  test("use after the end, and after disposal", async () => {
    const ended = await errorOfBoth(async (load) => {
      const stream = await (await load(file)).stream();
      await stream.end();
      await stream.step([1, 2]);
    });
    expect(ended).toMatchObject({ code: "input-invalid" });
    const disposed = await errorOfBoth(async (load) => {
      const model = await load(file);
      model.dispose();
      await model.run([1, 2]);
    });
    expect(disposed).toMatchObject({ code: "disposed" });
    const streamless = await errorOfBoth(async (load) => (await load(wholeFile)).stream());
    expect(streamless).toMatchObject({ code: "not-streamable" });
  });
});

describe("load() of both rejects", () => {
  const mine = new Error("mine");

  test.each([
    ["a number", 5, "TypeError"],
    ["nothing", undefined, "TypeError"],
    ["no bytes", new Uint8Array(0), "LmuError"],
    ["a missing file", "/no/such/file", "LmuError"],
  ])("%s", async (_, source, kind) => {
    expect(await errorOfBoth((load) => load(source))).toMatchObject({ kind });
  });

  test("with what onProgress throws", async () => {
    const onProgress = () => {
      throw mine;
    };
    for (const load of LOADS) {
      for (const source of [file, new Response(file as BodyInit)]) {
        await expect(load(source, { onProgress })).rejects.toBe(mine);
      }
    }
  });

  test("with the reason of an abort, whenever it comes", async () => {
    for (const load of LOADS) {
      await expect(load(file, { signal: AbortSignal.abort(mine) })).rejects.toBe(mine);
      const controller = new AbortController();
      const { signal } = controller;
      const onProgress = () => controller.abort(mine);
      await expect(load(file, { signal, onProgress })).rejects.toBe(mine);
      await expect(load(Promise.reject(mine))).rejects.toBe(mine);
    }
  });
});

describe("both fill the caller's array", () => {
  test("of run, also one that overlaps the input", async () => {
    for (const load of LOADS) {
      const model = await load(file);
      const expected = await model.run(input);
      const memory = new Float32Array(60);
      memory.set(input, 20);
      const output = memory;
      expect(await model.run(memory.subarray(20), { output })).toBe(output);
      expect(output).toEqual(expected);
    }
  });

  test("of step, push and end", async () => {
    for (const load of LOADS) {
      const model = await load(file);
      const stream = await model.stream();
      const expected = (await model.run(input)) as Float32Array;
      const one = new Float32Array(3);
      expect(await stream.step(input.subarray(0, 2), one)).toBe(one);
      const rest = new Float32Array(57);
      expect(await stream.push(input.subarray(2), rest)).toBe(rest);
      expect([...one, ...rest]).toEqual([...expected]);
      const none = new Float32Array(0);
      expect(await stream.end(none)).toBe(none);
    }
  });
});
