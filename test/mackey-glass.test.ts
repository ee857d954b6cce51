import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { AHEAD, mackeyGlass } from "../bindings/cli/mackey-glass.js";
import { load } from "../bindings/index.js";

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url));

/** The beginning of a test series and the network's outputs in float64, written by train.py. */
const check = JSON.parse(read("examples/mackey-glass/check.json").toString()) as {
  readonly seed: number;
  readonly input: readonly number[];
  readonly output: readonly number[];
};

test("the generator makes the series the model was trained on", () => {
  const series = mackeyGlass(check.seed, check.input.length);
  check.input.forEach((value, t) => expect(series[t]).toBeCloseTo(value, 7));
});

test("the shipped model gives the outputs of its training framework", async () => {
  const model = await load(read("models/mackey-glass.safetensors"));
  const outputs = model.run(check.input);
  check.output.forEach((value, t) => expect(Math.abs(outputs[t]! - value)).toBeLessThan(1e-6));
});

test("the shipped model is as good as its README says, over the whole test set", async () => {
  const model = await load(read("models/mackey-glass.safetensors"));
  let [errors, squares] = [0, 0];
  for (let seed = 64; seed < 128; seed++) {
    const series = mackeyGlass(seed, 5000 + AHEAD);
    const outputs = model.run(series.subarray(0, 5000));
    outputs.forEach((output, t) => {
      errors += (output - series[t + AHEAD]!) ** 2;
      squares += series[t + AHEAD]! ** 2;
    });
  }
  expect(Math.sqrt(errors / squares)).toBeLessThan(0.0013);
});
