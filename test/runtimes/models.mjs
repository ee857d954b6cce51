import { readFileSync } from "node:fs";

/*
 * The models that every engine runs: small, and together most of what the kernels and the readers can do.
 */

const ALL = ["run", "push", "step", "advance", "pool"];

const DTYPES = ["f32", "f16", "int8"];

/** What a state dict does not say: a recurrent layer and a classifier, with nothing between them. */
const layers = (type, prefix) => [
  { type, prefix },
  { type: "linear", prefix: "classifier" },
];

/** Paths are from the root of the repository. The first must have one input and one output: audio goes through it. */
export const MODELS = [
  {
    name: "mackey-glass",
    ways: ALL,
    file: "models/mackey-glass.safetensors",
    snapshots: DTYPES.map((dtype) => [
      dtype,
      `test/golden/snapshots/mackey-glass.${dtype}.snapshot`,
    ]),
  },
  // Its matrices are generated while loading.
  { name: "order-256", ways: ALL, file: "test/golden/keras/memory-order256-theta784.keras" },
  // Many samples at once: tables and transforms. Chunks have bits of their own.
  {
    name: "prefill",
    ways: ["run"],
    file: "test/golden/keras/memory-order256-theta784.keras",
    prefill: "parallel",
  },
  { name: "classifier", ways: ALL, file: "test/golden/keras/stack-classifier.h5" },
  { name: "language", ways: ALL, file: "test/golden/keras/embedding-language-model.keras" },
  { name: "activations", ways: ALL, file: "test/golden/layers/activations.keras" },
  {
    name: "lstm",
    ways: ALL,
    file: "test/golden/torch/torch-lstm.pt",
    layers: layers("torch-lstm", "rnn"),
  },
  {
    name: "gru",
    ways: ALL,
    file: "test/golden/torch/torch-gru.pt",
    layers: layers("torch-gru", "rnn"),
  },
  {
    name: "learned",
    ways: ALL,
    file: "test/golden/torch/torch-lmu-1.pt",
    layers: layers("pytorch-lmu", "lmu"),
  },
  // Looks ahead, so single steps have their outputs later.
  {
    name: "convolutions",
    ways: ["run", "push", "advance"],
    file: "test/golden/layers/convolutions.keras",
  },
  // Of the full edition, as are the convolutions and most activations.
  {
    name: "attention",
    ways: ALL,
    file: "test/golden/language/lmu-lm-global.safetensors",
  },
  // Needs its whole sequence at once.
  { name: "bidirectional", ways: ["run"], file: "test/golden/layers/bidirectional-concat.keras" },
];

const ROOT = new URL("../../", import.meta.url);

/** What reads bytes in a module that holds them. One letter is one byte; called letter by letter it takes seconds. */
export const BYTES_OF = `function bytesOf(text) {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}`;

/** The bytes of a file, in the language of the module. */
export const bytesOf = (path) => `bytesOf(${JSON.stringify(readFileSync(path, "latin1"))})`;

/**
 * The models with their bytes as a module, for engines that may not read files.
 *
 * @param {(model: typeof MODELS[number]) => string} pathOf
 */
export function moduleOf(pathOf) {
  const entries = MODELS.map((model) => {
    const { name, ways, layers, prefill, snapshots = [] } = model;
    const fields = JSON.stringify({ name, ways, layers, prefill }).slice(1, -1);
    const kept = snapshots.map(([dtype, path]) => `${dtype}: ${bytesOf(new URL(path, ROOT))}`);
    return `{ ${fields}, bytes: ${bytesOf(pathOf(model))}, snapshots: { ${kept.join()} } }`;
  });
  return `${BYTES_OF}
export const models = [\n${entries.join(",\n")}];\n`;
}
