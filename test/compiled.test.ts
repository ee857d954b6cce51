import { describe, expect, test } from "vitest";
import { load, type Model } from "../bindings/index.js";
import { CompiledHost } from "./support/compiled.js";
import { goldenCases, goldenFile, goldenTensors, kerasConfig, valuesOf } from "./support/golden.js";

/*
 * Models compiled to modules of their own give the bits that the package gives, whose tests say that these are right.
 */

/** Steps that go through snapshots of all types. */
const STEPS = 12;

async function golden(folder: string, name: string, file: string, io: string) {
  const isWeights = file.endsWith(".weights.h5");
  const options = isWeights ? { config: await kerasConfig(`${folder}/${name}.keras`) } : {};
  const model = await load(goldenFile(`${folder}/${file}`), options);
  const input = goldenTensors(`${folder}/${io}`).get("input")!;
  const values = valuesOf(input);
  const samples = input.dtype === "i32" ? Int32Array.from(values) : Float32Array.from(values);
  return { model, samples, batch: input.shape[0]! };
}

describe.each(["keras", "legacy", "layers"])("the models of test/golden/%s", (folder) => {
  const cases = goldenCases(folder).flatMap(({ name, io, files }) =>
    files.filter((file) => /\.(keras|h5)$/.test(file)).map((file) => ({ file, name, io })),
  );
  test.each(cases)("$file", async ({ file, name, io }) => {
    const { model, samples, batch } = await golden(folder, name, file, io);
    if (model.report().notStreamable !== undefined) return;
    const compiled = new CompiledHost(model);
    expect(compiled.score(samples, batch)).toEqual(model.run(samples, { batch }));
    goesOnAnywhere(model, compiled, samples.subarray(0, samples.length / batch));
  });
});

describe("language models", () => {
  const gpt2 = {
    "config.json": goldenFile("language/gpt2/config.json"),
    "model.safetensors": goldenFile("language/gpt2/model.safetensors"),
  };
  const sources: readonly [string, Parameters<typeof load>[0], number?][] = [
    ["LMU", goldenFile("language/lmu-lm.safetensors")],
    ["LMU with attention", goldenFile("language/lmu-lm-global.safetensors"), 150],
    ["GPT-2, as long as it knows positions", gpt2],
    ["GPT-2, shorter", gpt2, 40],
    ["GRU", goldenFile("language/gru.safetensors")],
    ["addresses", new URL("../models/addresses/", import.meta.url)],
  ];
  test.each(sources)("%s", async (_, source, steps) => {
    const model = await load(source);
    const compiled = new CompiledHost(model, steps);
    const ids = Int32Array.from({ length: steps ?? 53 }, (_, i) => (i * 31) % model.vocabulary!);
    expect(compiled.score(ids, 1)).toEqual(model.run(ids));
    goesOnAnywhere(model, compiled, ids);
  });
});

test.each<[string, () => Parameters<typeof load>[0]]>([
  ["psmnist-shape", () => goldenFile("keras/psmnist-shape.keras")],
  ["addresses", () => new URL("../models/addresses/", import.meta.url)],
])("%s with weights of int8: the same bits, and a smaller module", async (_, source) => {
  const model = await load(source(), { weights: "int8" });
  const compiled = new CompiledHost(model);
  const ids = Int32Array.from({ length: 90 * model.inputSize }, (_, i) => (i * 31) % 97);
  const input = model.vocabulary ? ids : Float32Array.from(ids, (id) => id / 97);
  expect(compiled.score(input, 1)).toEqual(model.run(input));
  goesOnAnywhere(model, compiled, input);
  const { length } = new CompiledHost(await load(source())).bytes;
  expect(compiled.bytes.length).toBeLessThan(0.7 * length);
});

/** Moves a sequence between the package and a module by snapshots, in all types, all along and behind its end. */
function goesOnAnywhere(model: Model, compiled: CompiledHost, samples: Float32Array | Int32Array) {
  const stream = model.stream();
  const width = model.inputSize;
  const count = Math.min(samples.length / width, STEPS);
  const at = (t: number) => samples.subarray(t * width, (t + 1) * width);
  for (let t = 0; t < count; t++) {
    const bytes = stream.save();
    expect(compiled.save()).toEqual(bytes);
    for (const dtype of ["f16", "int8", "f32"] as const) {
      const snapshot = stream.save({ dtype });
      expect(compiled.restore(snapshot)).toBe(0);
      expect(compiled.save()).toEqual(model.restore(snapshot).save());
    }
    expect(compiled.push(at(t))).toEqual(stream.push(at(t)));
  }
  expect(compiled.end()).toEqual(stream.end());
  const ended = stream.save();
  expect(compiled.save()).toEqual(ended);
  compiled.exports.reset();
  expect(compiled.restore(ended)).toBe(0);
  expect(compiled.save()).toEqual(ended);
}
