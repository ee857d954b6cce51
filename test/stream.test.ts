import { describe, expect, test } from "vitest";
import { LmuError } from "../bindings/index.js";
import { loadMadeUp, lmuModel, makeUp } from "./support/models.js";
import { Random } from "./support/random.js";

const made = lmuModel(
  {
    ...{ inputs: 2, channels: 2, order: 5, theta: 12, hidden: "lstm", units: 6 },
    ...{ isFedBack: true, remembers: true, seesInput: true, hasBias: true, isLearned: false },
  },
  3,
);

/** Changes nothing when it throws: the next outputs are those of a stream that never saw the call. */
async function expectUntouched(call: (stream: Awaited<ReturnType<typeof open>>) => unknown) {
  const [touched, control] = [await open(), await open()];
  const random = new Random(1);
  const first = random.floats(2);
  expect(touched.step(first)).toEqual(control.step(first));
  expect(() => call(touched)).toThrow();
  expect(touched.position).toBe(1);
  const next = random.floats(20);
  expect(touched.push(next)).toEqual(control.push(next));
}

const open = async () => (await loadMadeUp(made)).stream();

describe("Stream.step()", () => {
  test("returns the stream's own array, or fills the given one", async () => {
    const [stream, control] = [await open(), await open()];
    const expected = control.push([0.5, -0.5, 0.1, 0.2, 0.3, 0.4]);
    const first: Float32Array<ArrayBuffer> = stream.step([0.5, -0.5]);
    expect(first).toEqual(expected.subarray(0, 6));
    expect(stream.step([0.1, 0.2])).toBe(first);
    expect(first).toEqual(expected.subarray(6, 12));
    const output = new Float32Array(6);
    expect(stream.step([0.3, 0.4], output)).toBe(output);
    expect(output).toEqual(expected.subarray(12));
  });

  test("goes on when the array it returned is changed or transferred", async () => {
    const layers = [{ name: "c", type: "convolution", stride: 3 }] as const;
    const model = await loadMadeUp(makeUp({ width: 1 }, layers, { "c.weight": [1, 1, 1] }));
    const [stream, expected] = [model.stream(), model.run([1, 2, 3, 4])];
    const first = stream.step(1);
    expect(first).toEqual(expected.subarray(0, 1));
    first[0] = 99;
    expect(stream.step(2)).toEqual(expected.subarray(0, 1));
    structuredClone(first, { transfer: [first.buffer] });
    expect(stream.step(3)).toEqual(expected.subarray(0, 1));
    expect(stream.step(4)).toEqual(expected.subarray(1));
  });

  test("takes the number itself when there is one input", async () => {
    const one = makeUp({ width: 1 }, [{ name: "l", type: "lmu", order: 4, theta: 9 }], {});
    const [a, b] = [(await loadMadeUp(one)).stream(), (await loadMadeUp(one)).stream()];
    for (const value of [1, -0.25, 0.125]) expect(a.step(value)).toEqual(b.step([value]));
  });

  test.each([
    ["too short", [0.5], RangeError, "input has 1 values, expected 2"],
    ["too long", [1, 2, 3], RangeError, "input has 3 values, expected 2"],
    ["a number for two inputs", 1, RangeError, "input has 1 values, expected 2"],
    ["a text", "ab", TypeError, "input is string, expected an array of numbers"],
    ["nothing", undefined, TypeError, "input is undefined"],
    ["texts", ["a", "b"], TypeError, "input[0] is string, expected a number"],
    ["digits", ["1", "2"], TypeError, "input[0] is string, expected a number"],
    ["null, as JSON writes NaN", [1, null], TypeError, "input[1] is null, expected a number"],
    ["true", [1, true], TypeError, "input[1] is boolean, expected a number"],
    ["bigints", [1n, 2n], TypeError, "input[0] is bigint, expected a number"],
    ["bytes", new Uint8Array(2), TypeError, "input is Uint8Array, expected an array of numbers"],
    ["a Buffer", Buffer.from([1, 2]), TypeError, "input is Buffer, expected an array of numbers"],
    ["other integers", new BigInt64Array(2), TypeError, "Float32Array.from(input)"],
    ["NaN", [1, NaN], LmuError, "input[1] is NaN, expected a finite 32-bit float"],
    ["infinity", [-Infinity, 0], LmuError, "input[0] is -Infinity"],
    ["beyond f32", [1e39, 0], LmuError, "input[0] is 1e+39"],
  ])("refuses %s and changes nothing", async (_, sample, kind, message) => {
    await expectUntouched((stream) => {
      try {
        return stream.step(sample as never);
      } catch (error) {
        expect(error).toBeInstanceOf(kind);
        expect((error as Error).message).toContain(message);
        throw error;
      }
    });
  });

  test("refuses an output of the wrong kind or length and changes nothing", async () => {
    await expectUntouched((stream) => stream.step([1, 2], new Float32Array(5)));
    await expectUntouched((stream) => stream.step([1, 2], [] as never));
  });
});

describe("Stream.push()", () => {
  test("refuses half a sample, a bad value anywhere, a wrong output, and changes nothing", async () => {
    await expectUntouched((stream) => stream.push([1, 2, 3]));
    const late = new Random(2).floats(400);
    late[399] = NaN;
    await expectUntouched((stream) => stream.push(late));
    await expectUntouched((stream) => stream.push([1, 2], new Float32Array(7)));
  });

  test("of nothing is nothing", async () => {
    const stream = await open();
    expect(stream.push([])).toEqual(new Float32Array(0));
    expect(stream.position).toBe(0);
  });

  test("of nothing is nothing, also where padding in front suffices for rows", async () => {
    const model = await loadMadeUp(
      makeUp({ width: 1 }, [{ name: "c", type: "convolution", padding: [5, 0] }], {
        "c.weight": [1, 1, 1],
      }),
    );
    const stream = model.stream();
    expect(stream.push([])).toHaveLength(0);
    const pushed = [...stream.push([1]), ...stream.push([]), ...stream.push([2, 3])];
    expect(pushed).toEqual([...model.run([1, 2, 3])]);
    model.dispose();
  });

  test("of a model that returns its last output gives that output", async () => {
    const layers = [
      { name: "r", type: "rnn" },
      { name: "l", type: "last" },
    ] as const;
    const shapes = { "r.input": [3, 1], "r.recurrent": [3, 3] };
    const model = await loadMadeUp(makeUp({ width: 1 }, layers, shapes));
    const input = new Random(4).floats(100);
    const stream = model.stream();
    const output = stream.push(input);
    expect(output).toEqual(model.run(input));
    expect(stream.push([])).toEqual(output);
  });
});

/** An array whose elements are read by a function. */
function arrayOf(length: number, read: (index: number) => number): number[] {
  const array = Array.from({ length }, () => 0);
  for (let i = 0; i < length; i++) Object.defineProperty(array, i, { get: () => read(i) });
  return array;
}

/** Good at the first reading, bad at every other. */
function twoFaced(values: readonly number[], bad: number): number[] {
  const read = values.map(() => false);
  return arrayOf(values.length, (i) => (read[i] ? bad : ((read[i] = true), values[i]!)));
}

describe("every value is read once", () => {
  test.each([NaN, 1e39])("%f at the second reading", async (bad) => {
    const model = await loadMadeUp(made);
    const expected = model.run([0.5, -0.5]);
    expect(model.run(twoFaced([0.5, -0.5], bad))).toEqual(expected);
    expect(model.stream().step(twoFaced([0.5, -0.5], bad))).toEqual(expected);
    expect(model.stream().push(twoFaced([0.5, -0.5], bad))).toEqual(expected);
  });

  test.each([4, -1, 2 ** 30])("id %i at the second reading", async (bad) => {
    const layers = [{ name: "e", type: "embedding" }] as const;
    const model = await loadMadeUp(makeUp({ vocabulary: 4 }, layers, { "e.weight": [4, 2] }));
    expect(model.run(twoFaced([3, 1], bad))).toEqual(model.run([3, 1]));
    expect(model.stream().step(twoFaced([3], bad))).toEqual(model.run([3]));
  });

  test("memory that another thread changes while a long run goes on", async () => {
    const model = await loadMadeUp(made);
    const input = new Random(8).floats(1000);
    const shared = new Float32Array(new SharedArrayBuffer(4000));
    shared.set(input);
    const expected = model.run(input);
    // The pauses of a worker stand in for the thread.
    const output = await model.runInSlices(shared, {}, async () => void shared.fill(NaN));
    expect(output).toEqual(expected);
  });

  test("getters may step the same stream, or end and dispose what is called", async () => {
    const [stream, control] = [await open(), await open()];
    const within = arrayOf(2, (i) => (i === 1 && stream.step([0.25, 0.75]), (i + 1) / 4));
    control.step([0.25, 0.75]);
    expect(stream.step(within)).toEqual(control.step([0.25, 0.5]));

    const ended = await open();
    const ending = arrayOf(2, () => (ended.reset(), ended.end(), 1));
    expect(() => ended.step(ending)).toThrow("has ended; reset it first");
    const model = await loadMadeUp(made);
    const disposing = () => arrayOf(2, () => (model.dispose(), 1));
    const disposed = model.stream();
    expect(() => disposed.step(disposing())).toThrow("the model is disposed");
    expect(() => disposed.push(disposing())).toThrow("the model is disposed");
    expect(() => model.run(disposing())).toThrow("the model is disposed");
  });
});

describe("outputs that overlap the input", () => {
  test.each([0, 100, 1000])("%i values on", async (offset) => {
    const layers = [{ name: "d", type: "dense" }] as const;
    const model = await loadMadeUp(makeUp({ width: 1 }, layers, { "d.weight": [2, 1] }));
    const input = new Random(9).floats(1000);
    const expected = model.run(input);
    const make = () => {
      const memory = new Float32Array(4000);
      memory.set(input, offset);
      return { chunk: memory.subarray(offset, offset + 1000), output: memory.subarray(0, 2000) };
    };
    const [a, b] = [make(), make()];
    expect(model.run(a.chunk, { output: a.output })).toEqual(expected);
    expect(model.stream().push(b.chunk, b.output)).toEqual(expected);
  });

  test("of a step", async () => {
    const [stream, control] = [await open(), await open()];
    const memory = new Float32Array(6);
    memory.set([0.5, -0.5]);
    expect(stream.step(memory.subarray(0, 2), memory)).toEqual(control.step([0.5, -0.5]));
  });
});

describe("a life of a stream", () => {
  test("reset returns to the beginning", async () => {
    const stream = await open();
    const input = new Random(5).floats(30);
    const once = stream.push(input);
    expect(stream.position).toBe(15);
    stream.reset();
    expect(stream.position).toBe(0);
    expect(stream.push(input)).toEqual(once);
  });

  test("streams of one model do not see each other, nor run()", async () => {
    const model = await loadMadeUp(made);
    const input = new Random(6).floats(40);
    const alone = model.run(input);
    const streams = Array.from({ length: 40 }, () => model.stream());
    const outputs: number[] = [];
    for (let t = 0; t < 20; t++) {
      for (const [i, stream] of streams.entries()) {
        const sample = i === 7 ? input.subarray(2 * t, 2 * t + 2) : [i / 40, -t / 20];
        const output = stream.step(sample);
        if (i === 7) outputs.push(...output);
      }
      if (t % 5 === 0) expect(model.run(input)).toEqual(alone);
    }
    expect(Float32Array.from(outputs)).toEqual(alone);
  });

  test("a closed stream's place is used again, cleared", async () => {
    const model = await loadMadeUp(made);
    const fresh = model.stream().step([1, 1]).slice();
    const used = model.stream();
    used.push(new Random(7).floats(50));
    used.dispose();
    used.dispose();
    expect(model.stream().step([1, 1])).toEqual(fresh);
    expect(() => used.step([1, 1])).toThrow(expect.objectContaining({ code: "disposed" }));
  });

  test("before the first output there is NaN, and look-ahead answers late", async () => {
    const layers = [{ name: "c", type: "convolution", padding: [0, 2] }] as const;
    const model = await loadMadeUp(makeUp({ width: 1 }, layers, { "c.weight": [1, 3, 1] }));
    expect(model.lookAhead).toBe(2);
    const stream = model.stream();
    const [a, b, c] = [1, 2, 3].map((value) => stream.step(value)[0]);
    expect([a, b]).toEqual([NaN, NaN]);
    const whole = model.run([1, 2, 3]);
    expect(c).toBe(whole[0]);
    expect(stream.end()).toEqual(whole.subarray(1));
    expect(() => stream.step(1)).toThrow("has ended; reset it first");
    stream.reset();
    expect(stream.push([1, 2, 3])).toEqual(whole.subarray(0, 1));
  });

  test("use after the model's dispose throws, twice is fine", async () => {
    const model = await loadMadeUp(made);
    const stream = model.stream();
    model.dispose();
    model.dispose();
    for (const use of [
      () => stream.step([1, 1]),
      () => model.run([1, 1]),
      () => model.stream(),
      () => model.report(),
    ]) {
      expect(use).toThrow(expect.objectContaining({ name: "LmuError", code: "disposed" }));
    }
    stream.dispose();
  });

  test("`using` disposes", async () => {
    const model = await loadMadeUp(made);
    model[Symbol.dispose]();
    expect(() => model.run([1, 1])).toThrow("disposed");
  });
});

describe("Model.run()", () => {
  test.each([
    [[1, 2, 3], {}, "input has 3 values, expected batch 1 × steps × 2"],
    [[], {}, "input has 0 values"],
    [[1, 2], { batch: 0 }, "batch is 0, expected an integer from 1"],
    [[1, 2], { batch: 3 }, "input has 2 values, expected batch 3 × steps × 2"],
    [[1, 2], { output: new Float32Array(1) }, "output has 1 values, expected 6"],
  ])("refuses %j with %j", async (input, options, message) => {
    const model = await loadMadeUp(made);
    expect(() => model.run(input, options)).toThrow(RangeError);
    expect(() => model.run(input, options)).toThrow(message);
  });

  test("refuses ids outside the vocabulary", async () => {
    const layers = [{ name: "e", type: "embedding" }] as const;
    const model = await loadMadeUp(makeUp({ vocabulary: 5 }, layers, { "e.weight": [5, 2] }));
    expect(model.vocabulary).toBe(5);
    for (const id of [5, -1, 1.5, NaN]) {
      expect(() => model.run([id])).toThrow(`input[0] is ${id}, expected a token id from 0 to 4`);
    }
  });

  test("refuses a sequence too short for one output, and a wrong fixed length", async () => {
    const valid = [{ name: "c", type: "convolution" }] as const;
    const shortModel = await loadMadeUp(makeUp({ width: 1 }, valid, { "c.weight": [1, 4, 1] }));
    expect(() => shortModel.run([1, 2, 3])).toThrow("3 steps are too few for one output");
    const flat = await loadMadeUp(
      makeUp({ width: 1, steps: 4 }, [{ name: "f", type: "flatten" }], {}),
    );
    expect(() => flat.run([1, 2, 3])).toThrow("input has 3 values, expected 4");
    expect(() => flat.stream()).toThrow("f needs all 4 steps at once; use model.run()");
  });

  test("its report adds up", async () => {
    const model = await loadMadeUp(made);
    const report = model.report();
    expect(report).toMatchObject({
      format: "lmu-wasm",
      inputSize: 2,
      outputSize: 6,
      returnsSequence: true,
    });
    const count = [...made.tensors.values()].reduce((sum, { values }) => sum + values.length, 0);
    expect(report.parameters).toBe(count);
    // The header holds the position.
    const ofLayers = report.layers.reduce((sum, layer) => sum + layer.stateBytes, 0);
    expect(report.stateBytes).toBe(16 + ofLayers);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });
});
