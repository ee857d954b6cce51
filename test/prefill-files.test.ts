import { expect, test } from "vitest";
import type { LayerRequest } from "../bindings/formats/torch/request.js";
import { load } from "../bindings/index.js";
import { distance, goldenFile, goldenTensors, valuesOf } from "./support/golden.js";
import { Random } from "./support/random.js";

/*
 * Networks of the real frameworks whose memories take many samples at once, at the bound of test/golden.test.ts and of
 * docs/prefill.md: feedforward LMUs, psMNIST's, LMUFFT, and the LMU language model.
 */

const FILES: readonly (readonly [file: string, forms: readonly string[]])[] = [
  ["keras/memory-order256-theta784.keras", ["convolution"]],
  ["keras/memory-order64.keras", ["convolution"]],
  ["keras/memory-bias-last-step.keras", ["boundary"]],
  ["keras/psmnist-shape.keras", ["convolution"]],
  ["keras/stack-classifier.keras", ["convolution", "boundary"]],
  ["language/lmu-lm.safetensors", ["projection", "projection"]],
];

test.each(FILES)("%s: %j", async (file, forms) => {
  const model = await load(goldenFile(file), { prefill: "parallel" });
  const found = model.report().layers.flatMap(({ prefill }) => prefill ?? []);
  expect(found.map(({ form }) => form)).toEqual(forms);
  const io = goldenTensors(file.replace(/\.\w+$/, ".io.safetensors"));
  const input = io.get("input") ?? io.get("ids")!;
  const output = valuesOf(io.get("output_f64") ?? io.get("logits_f64") ?? io.get("output")!);
  const [batch, steps] = input.shape as [number, number];
  // At least one of them is used.
  expect(Math.min(...found.map(({ least }) => least))).toBeLessThanOrEqual(steps);
  const values = valuesOf(input);
  const samples =
    model.vocabulary === undefined ? Float32Array.from(values) : Int32Array.from(values);
  const scale = output.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  expect(distance(model.run(samples, { batch }), output)).toBeLessThanOrEqual(1e-5 * scale);
});

test("LMUFFT, longer than PyTorch's sequence of 64 steps, whose numbers its steps give", async () => {
  const layers: readonly LayerRequest[] = [
    { type: "pytorch-lmufft", prefix: "lmu" },
    { type: "linear", prefix: "classifier" },
  ];
  const file = goldenFile("torch/torch-lmufft-1.safetensors");
  const model = await load(file, { prefill: "parallel", layers });
  expect(model.report().layers[0]!.prefill?.form).toBe("convolution");
  const input = new Random(1).floats(500 * model.inputSize);
  const steps = model.run(input, { prefill: "exact" });
  const scale = steps.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  const apart = distance(model.run(input), steps);
  expect(apart).toBeGreaterThan(0);
  expect(apart).toBeLessThanOrEqual(1e-5 * scale);
});
