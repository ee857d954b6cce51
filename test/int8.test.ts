import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { LayerDescription } from "../bindings/description.js";
import { writeNative } from "../bindings/formats/native/write.js";
import { readCheckpoint } from "../bindings/formats/read.js";
import { load } from "../bindings/index.js";
import { LanguageModel } from "../bindings/language/language.js";
import { Int8Matrix } from "../bindings/plan/int8-matrix.js";
import { distance, goldenFile, goldenTensors, valuesOf } from "./support/golden.js";
import { fileOf, makeUp, oracleOutputs } from "./support/models.js";
import { Random } from "./support/random.js";

const INT8 = { weights: "int8" } as const;

/** Layers of 64 units each, whose matrices are all worth it but for the memory's. */
const made = makeUp(
  { width: 64 },
  [
    { name: "a", type: "lstm" },
    { name: "b", type: "gru" },
    { name: "c", type: "lmu", order: 16, theta: 40, hidden: { type: "rnn" } },
    { name: "d", type: "dense", activation: "tanh" },
  ] as LayerDescription[],
  {
    ...{ "a.input": [256, 64], "a.recurrent": [256, 64], "a.bias": [256] },
    ...{ "b.input": [192, 64], "b.recurrent": [192, 64], "b.bias": [192] },
    ...{ "c.encoder.input": [4, 64], "c.encoder.hidden": [4, 64] },
    ...{ "c.hidden.input": [64, 64], "c.hidden.memory": [64, 64], "c.hidden.recurrent": [64, 64] },
    ...{ "d.weight": [64, 64], "d.bias": [64] },
  },
);
const file = fileOf(made);
const input = new Random(1).floats(64 * 100);

/** What loading fails with. */
const failure = (source: Uint8Array, options: object) =>
  load(source, options).then(
    () => expect.fail("it loads"),
    (error: unknown) => error as Error,
  );

describe('load(source, { weights: "int8" })', () => {
  test("takes a quarter of the memory, and says so", async () => {
    const [exact, int8] = await Promise.all([load(file), load(file, INT8)]);
    const [before, after] = [exact.report(), int8.report()];
    expect([before.weights, after.weights]).toEqual(["f32", "int8"]);
    expect(after.weightBytes / before.weightBytes).toBeLessThan(0.3);
    expect(after.memoryBytes).toBeLessThan(before.memoryBytes);
    expect(after.multiplyAdds).toBe(before.multiplyAdds);
  });

  test("is near the network in float64", async () => {
    const oracle = oracleOutputs(made, input);
    const exact = (await load(file)).run(input);
    const int8 = (await load(file, INT8)).run(input);
    expect(distance(exact, oracle)).toBeLessThan(1e-5);
    expect(distance(int8, oracle)).toBeLessThan(2e-2);
    expect(distance(int8, exact)).toBeGreaterThan(1e-4);
  });

  test("is exact where weights and inputs are integers up to 127", async () => {
    const random = new Random(2);
    const integers = (count: number, row: number) =>
      random.floats(count, 127).map((value, i) => (i % row === 0 ? 127 : Math.round(value)));
    const dense = makeUp({ width: 61 }, [{ name: "d", type: "dense" }], { "d.weight": [50, 61] });
    const tensors = new Map([["d.weight", { shape: [50, 61], values: integers(50 * 61, 61) }]]);
    const samples = integers(61 * 70, 61);
    const exact = oracleOutputs({ ...dense, tensors }, samples);
    const model = await load(fileOf({ ...dense, tensors }), INT8);
    expect(model.run(samples)).toEqual(Float32Array.from(exact));
  });

  test("is of matrices that gain by it, and whose sums fit 32 bits", () => {
    const suits = (rows: number, columns: number) => Int8Matrix.suits(rows, columns);
    expect([suits(32, 63), suits(32, 64), suits(4, 1 << 17)]).toEqual([false, true, true]);
    // A square of 127 for every input.
    const first = Math.ceil(2 ** 31 / 127 ** 2);
    expect([suits(4, first), suits(4096, first)]).toEqual([false, false]);
  });

  test("takes the integers of a file as they are: the bits of rounding at load", async () => {
    const layers = made.description.layers.filter(({ type }) => type !== "lmu");
    const tensors = new Map([...made.tensors].filter(([name]) => !name.startsWith("c.")));
    const floats = fileOf({ description: { ...made.description, layers }, tensors });
    const bits = (await load(floats, INT8)).run(input);
    const once = writeNative(await readCheckpoint(floats), "int8");
    expect((await load(once, INT8)).run(input)).toEqual(bits);
    const twice = writeNative(await readCheckpoint(once), "int8");
    expect((await load(twice)).run(input)).toEqual((await load(once)).run(input));
  });

  test("is another model than the same weights as floats: snapshots of one are refused by the other", async () => {
    const stored = writeNative(await readCheckpoint(file), "int8");
    const [floats, int8] = [await load(stored), await load(stored, INT8)];
    const stream = int8.stream();
    stream.push(input.subarray(0, 64 * 30));
    const snapshot = stream.save();
    const restored = (await load(stored, INT8)).restore(snapshot);
    expect(restored.push(input.subarray(64 * 30))).toEqual(stream.push(input.subarray(64 * 30)));
    expect(() => floats.restore(snapshot)).toThrow(
      expect.objectContaining({ code: "snapshot-other-model" }),
    );
  });

  test.each([
    ["f16", RangeError, 'weights is "f16", expected f32 or int8'],
    [8, TypeError, "weights is 8, expected string"],
  ])("%s is refused", async (weights, kind, message) => {
    const error = await failure(file, { weights });
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toContain(message);
  });

  test("a weight that is not finite is refused as in f32", async () => {
    const tensors = new Map(made.tensors);
    const values = new Float32Array(64 * 64);
    values[65] = NaN;
    tensors.set("d.weight", { shape: [64, 64], values });
    const error = await failure(fileOf({ ...made, tensors }), INT8);
    expect(error).toMatchObject({ code: "tensor-invalid" });
    expect(error.message).toContain("d.weight has NaN at index 65");
  });
});

describe("what int8 does to outputs, of which docs/numbers.md has the figures", () => {
  test.each([
    ["keras/mackey-glass-shape", 0.06],
    ["keras/psmnist-shape", 0.03],
  ])("%s: within %d", async (name, allowed) => {
    const io = goldenTensors(`${name}.io.safetensors`);
    const [samples, exact] = [io.get("input")!, io.get("output_f64") ?? io.get("output")!];
    const model = await load(goldenFile(`${name}.keras`), INT8);
    const output = model.run(valuesOf(samples), { batch: samples.shape[0]! });
    expect(distance(output, valuesOf(exact))).toBeLessThan(allowed);
  });

  test("the language model foretells the addresses as well, within 0.5 %", async () => {
    const check = new URL("../examples/language-models/check.json", import.meta.url);
    const { excerpt } = JSON.parse(readFileSync(check, "utf8")) as {
      excerpt: { text: string; bitsPerByte: number };
    };
    const models = new URL("../models/addresses/", import.meta.url);
    const lm = await LanguageModel.load(models, INT8);
    expect(lm.model.report().weights).toBe("int8");
    const { bitsPerByte } = await lm.perplexity(excerpt.text);
    expect(bitsPerByte! / excerpt.bitsPerByte).toBeLessThan(1.005);
  });
});
