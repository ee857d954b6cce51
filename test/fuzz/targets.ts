import type { LoadOptions } from "../../bindings/model/load-options.js";
import { goldenFile, kerasConfig } from "../support/golden.js";
import { fileOf } from "../support/models.js";
import { type Gene, grow } from "../support/random-model.js";

/** A kind of file to attack: where its files begin, and how they are read. */
export interface Target {
  seeds(): readonly Uint8Array[];
  options?(): LoadOptions | Promise<LoadOptions>;
}

const golden = (...paths: string[]): Target => ({ seeds: () => paths.map(goldenFile) });

/** Small native files of every layer kind. */
const native = (): readonly Uint8Array[] =>
  [
    ["lmu", "lmu", "last"],
    ["gru", "lmu", "dense"],
    ["lstm", "scale", "add", "global-pool", "dense"],
    ["convolution", "pool", "rnn", "concatenate"],
    ["convolution", "activation", "multiply", "reverse", "layer-norm"],
    ["dense", "maximum", "subtract", "flatten"],
    ["positions", "dense", "attention", "memory-attention"],
  ].map((types, i) => {
    const genes = types.map((type, j) => ({ type, seed: 10 * i + j }) as Gene);
    const steps = types.includes("flatten") ? 9 : undefined;
    return fileOf(grow({ width: 1 + i, readsTokens: i === 1, steps, genes }));
  });

/** By name; the small files of test/golden, all dialects. */
export const TARGETS: Readonly<Record<string, Target>> = {
  native: { seeds: native },
  keras: golden(
    ...["keras/hidden-gru-feedback.keras", "keras/memory-euler.keras", "layers/flatten.keras"],
    ...["layers/normalization-scalar.keras", "layers/backwards.keras", "layers/pooling.keras"],
    ...["layers/arithmetic.keras", "layers/convolutions.keras"],
  ),
  h5: golden(
    ...["keras/hidden-rnn.h5", "legacy/keras-lmu-0.1-classifier.h5"],
    ...["legacy/keras-lmu-0.4-functional.h5", "layers/convolutions.h5"],
  ),
  "weights-h5": {
    ...golden("keras/hidden-rnn.weights.h5"),
    options: async () => ({ config: await kerasConfig("keras/hidden-rnn.keras") }),
  },
  torch: golden(
    ...["torch/torch-lstm.pt", "torch/torch-lmufft-0.pt", "torch/extra-legacy.pt"],
    ...["torch/extra-list.pt", "torch/extra-module.pt", "torch/extra-scripted.pt"],
  ),
  "torch-layers": {
    ...golden("torch/torch-lmu-0.pt"),
    options: () => ({
      layers: [
        { type: "pytorch-lmu", prefix: "lmu" },
        { type: "linear", prefix: "classifier" },
      ],
    }),
  },
  npz: golden("legacy/bjkomer-lmu.npz"),
  network: golden("language/lmu-lm-global.safetensors"),
  "state-dict": golden(
    ...["torch/torch-lmu-0.safetensors", "torch/torch-lmufft-0.safetensors"],
    ...["legacy/bjkomer-lmu.safetensors", "torch/torch-lstm.safetensors"],
    "torch/lmuformer-blocks.safetensors",
  ),
};
