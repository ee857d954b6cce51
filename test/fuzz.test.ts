import { describe, expect, test } from "vitest";
import { load, LmuError, type LoadOptions } from "../bindings/index.js";
import { allocatedBy } from "./support/allocation.js";
import { corrupt } from "./support/corrupt.js";
import { goldenFile, kerasConfig } from "./support/golden.js";
import { fileOf, type LmuChoice, lmuModel, makeUp } from "./support/models.js";
import { LMU } from "./support/torch.js";

/*
 * Files from strangers: every corruption loads or throws an LmuError. None hangs, traps, or makes the reader allocate
 * more than four times the file (and a megabyte: what a model of any size works with).
 */

const CORRUPTIONS = 1000;
const WORKING_BYTES = 1 << 20;
/** Far above the slowest, far below a hang; the machine may be busy. */
const MAX_MILLISECONDS = 5000;

const choice: LmuChoice = {
  ...{ inputs: 3, channels: 2, order: 6, theta: 20, hidden: "gru" as const, units: 9 },
  ...{ isFedBack: true, remembers: true, seesInput: true, hasBias: true, isLearned: false },
};

const convolution = () =>
  makeUp(
    { width: 4 },
    [
      { name: "c", type: "convolution", stride: 2, padding: [1, 1] },
      { name: "g", type: "global-pool", mode: "mean" },
      { name: "d", type: "dense", activation: { type: "leaky_relu", slope: 0.1 } },
    ],
    { "c.weight": [6, 3, 4], "d.weight": [3, 6] },
  );

const FILES: readonly [string, () => Uint8Array, (() => Promise<LoadOptions>)?][] = [
  ["native LMU", () => fileOf(lmuModel(choice, 1))],
  ["native convolution", () => fileOf(convolution())],
  [".keras", () => goldenFile("keras/hidden-gru-feedback.keras")],
  [".keras of a stack", () => goldenFile("keras/stack-classifier.keras")],
  [".keras of nested models", () => goldenFile("layers/nested-models.keras")],
  ["legacy .h5", () => goldenFile("keras/hidden-lstm-all-connections.h5")],
  ["keras-lmu 0.1 .h5", () => goldenFile("legacy/keras-lmu-0.1-classifier.h5")],
  ["functional .h5", () => goldenFile("legacy/keras-lmu-0.2-functional.h5")],
  [
    ".weights.h5",
    () => goldenFile("keras/hidden-rnn.weights.h5"),
    async () => ({ config: await kerasConfig("keras/hidden-rnn.keras") }),
  ],
  [".pt", () => goldenFile("torch/torch-lmu-0.pt"), async () => ({ layers: LMU })],
  [".pt, layers inferred", () => goldenFile("torch/torch-lstm.pt")],
  ["state dict in safetensors", () => goldenFile("torch/torch-lmu-1.safetensors")],
  [".npz", () => goldenFile("legacy/bjkomer-lmu.npz")],
];

describe("corrupted files", () => {
  test.each(FILES)(
    `${CORRUPTIONS} corruptions of %s`,
    { timeout: 240_000 },
    async (_, read, more) => {
      const bytes = read();
      const options = (await more?.()) ?? {};
      (await load(bytes, options)).dispose();
      let refused = 0;
      for (let seed = 0; seed < CORRUPTIONS; seed++) {
        const broken = corrupt(bytes, seed);
        const start = performance.now();
        const allocated = await allocatedBy(async () => {
          if (!(await survives(broken, options))) refused++;
        });
        const where = `corruption ${seed}`;
        expect(allocated, where).toBeLessThanOrEqual(4 * bytes.length + WORKING_BYTES);
        expect(performance.now() - start, where).toBeLessThan(MAX_MILLISECONDS);
      }
      expect(refused).toBeGreaterThan(CORRUPTIONS / 10);
    },
  );
});

/** Whether a file loads, and then runs; throws what is no proper refusal. */
async function survives(bytes: Uint8Array, options: LoadOptions): Promise<boolean> {
  try {
    const model = await load(bytes, options);
    const steps = model.report().steps ?? 40;
    model.run(new Float32Array(model.inputSize * steps));
    model.dispose();
    return true;
  } catch (error) {
    if (error instanceof LmuError) return false;
    // A broken stride may ask for more steps than these.
    if (error instanceof RangeError && error.message.includes("too few for one output"))
      return true;
    throw error;
  }
}
