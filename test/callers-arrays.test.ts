import { describe, expect, test } from "vitest";
import { loadMadeUp, makeUp } from "./support/models.js";
import { Random } from "./support/random.js";
import { made, open } from "./support/stream.js";

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

describe("rows", () => {
  test("of an output are views", async () => {
    const model = await loadMadeUp(made);
    const output = model.run([1, 2, 3, 4]);
    const rows: Float32Array[] = model.rows(output);
    expect(rows).toEqual([output.subarray(0, 6), output.subarray(6)]);
    expect(rows[1]!.buffer).toBe(output.buffer);
    expect(model.rows(new Float32Array(0))).toEqual([]);
    expect(() => model.rows(output.subarray(1))).toThrow(
      new RangeError("Cannot divide the output into rows: output has 11 values, expected 12"),
    );
    for (const other of [undefined, [1, 2], "ab"]) {
      expect(() => model.rows(other as never)).toThrow(TypeError);
    }
  });

  test.each([[[1, 2]], [Float32Array.of(1, 2)]])(
    "of an input are refused with the line that joins them",
    async (row) => {
      const model = await loadMadeUp(made);
      const input = [row, row];
      const line = "input.flatMap((row) => [...row])";
      for (const call of [
        () => model.run(input as never),
        () => model.stream().push(input as never),
      ])
        expect(call).toThrow(`expected a number: ${line} makes one array of rows`);
      expect(model.run(input.flatMap((row) => [...row]))).toEqual(model.run([1, 2, 1, 2]));
    },
  );
});
