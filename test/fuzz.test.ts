import { describe, expect, test } from "vitest";
import { readSafetensors } from "../bindings/formats/containers/safetensors.js";
import { type StoredType, writeNative } from "../bindings/formats/native/write.js";
import { load, LmuError, type LoadOptions, type SourceFiles } from "../bindings/index.js";
import { readCheckpoint } from "../bindings/formats/read.js";
import { allocatedBy } from "./support/allocation.js";
import { corrupt } from "./support/corrupt.js";
import { goldenFile, kerasConfig } from "./support/golden.js";
import { fileOf, type LmuChoice, lmuModel, makeUp } from "./support/models.js";
import { shardsOf } from "./support/shards.js";
import { layersOf, LMU } from "./support/torch.js";

/*
 * Files from strangers: every corruption loads or throws an LmuError. None hangs, traps, or makes the reader allocate
 * more than four times the file (and a megabyte: what a model of any size works with).
 */

/** Per file; a multiple of the seven ways in which a file is broken. */
const CORRUPTIONS = process.env["CI"] ? 1001 : 42;
const WORKING_BYTES = 1 << 20;

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

const stored = async (type: StoredType) =>
  writeNative(await readCheckpoint(goldenFile("keras/hidden-gru-feedback.keras")), type);
const lmu = fileOf(lmuModel(choice, 1));
const shards = shardsOf(lmu, 2, Object.fromEntries(readSafetensors(lmu).header.metadata));

interface File {
  readonly name: string;
  /** The bytes to corrupt. */
  read(): Uint8Array | Promise<Uint8Array>;
  options?(): LoadOptions | Promise<LoadOptions>;
  /** The files that these are one of. */
  partOf?(bytes: Uint8Array): SourceFiles;
}

const shard = (name: string): File => ({
  name,
  read: () => shards[name]!,
  partOf: (bytes) => ({ ...shards, [name]: bytes }),
});

const FILES: readonly File[] = [
  { name: "native LMU", read: () => lmu },
  { name: "native convolution", read: () => fileOf(convolution()) },
  { name: "native f16", read: () => stored("f16") },
  { name: "native int8", read: () => stored("int8") },
  shard("model.safetensors.index.json"),
  shard("model-00002-of-00002.safetensors"),
  { name: ".keras", read: () => goldenFile("keras/hidden-gru-feedback.keras") },
  { name: ".keras of a stack", read: () => goldenFile("keras/stack-classifier.keras") },
  { name: ".keras of nested models", read: () => goldenFile("layers/nested-models.keras") },
  { name: "legacy .h5", read: () => goldenFile("keras/hidden-lstm-all-connections.h5") },
  { name: "keras-lmu 0.1 .h5", read: () => goldenFile("legacy/keras-lmu-0.1-classifier.h5") },
  { name: "functional .h5", read: () => goldenFile("legacy/keras-lmu-0.2-functional.h5") },
  {
    name: ".weights.h5",
    read: () => goldenFile("keras/hidden-rnn.weights.h5"),
    options: async () => ({ config: await kerasConfig("keras/hidden-rnn.keras") }),
  },
  {
    name: ".pt",
    read: () => goldenFile("torch/torch-lmu-0.pt"),
    options: () => ({ layers: LMU }),
  },
  { name: ".pt, layers inferred", read: () => goldenFile("torch/extra-projected.pt") },
  {
    name: "state dict in safetensors",
    read: () => goldenFile("torch/torch-lmu-1.safetensors"),
    options: () => ({ layers: LMU }),
  },
  {
    name: ".npz",
    read: () => goldenFile("legacy/bjkomer-lmu.npz"),
    options: () => ({ layers: layersOf("bjkomer-lmu") }),
  },
];

describe("corrupted files", () => {
  test.each(FILES)(`${CORRUPTIONS} corruptions of $name`, { timeout: 240_000 }, async (file) => {
    const bytes = await file.read();
    const options = (await file.options?.()) ?? {};
    const sourceOf = (whole: Uint8Array) => file.partOf?.(whole) ?? whole;
    (await load(sourceOf(bytes), options)).dispose();
    let refused = 0;
    for (let seed = 0; seed < CORRUPTIONS; seed++) {
      const broken = corrupt(bytes, seed);
      const allocated = await allocatedBy(async () => {
        if (!(await survives(sourceOf(broken), options))) refused++;
      });
      expect(allocated, `corruption ${seed}`).toBeLessThanOrEqual(4 * bytes.length + WORKING_BYTES);
    }
    expect(refused).toBeGreaterThan(CORRUPTIONS / 10);
  });
});

/** Whether a file loads, and then runs; throws what is no proper refusal. */
async function survives(source: Uint8Array | SourceFiles, options: LoadOptions): Promise<boolean> {
  try {
    const model = await load(source, options);
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
