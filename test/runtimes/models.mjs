import { readFileSync } from "node:fs";

/*
 * The models that every engine runs: small, and together most of what the kernels and the readers can do.
 */

const ALL = ["run", "push", "step"];

/** Paths are from the root of the repository. The first must have one input and one output: audio goes through it. */
export const MODELS = [
  { name: "mackey-glass", ways: ALL, file: "models/mackey-glass.safetensors" },
  // Its matrices are generated while loading.
  { name: "order-256", ways: ALL, file: "test/golden/keras/memory-order256-theta784.keras" },
  { name: "classifier", ways: ALL, file: "test/golden/keras/stack-classifier.h5" },
  { name: "language", ways: ALL, file: "test/golden/keras/embedding-language-model.keras" },
  { name: "activations", ways: ALL, file: "test/golden/layers/activations.keras" },
  { name: "lstm", ways: ALL, file: "test/golden/torch/torch-lstm.pt" },
  { name: "gru", ways: ALL, file: "test/golden/torch/torch-gru.pt" },
  { name: "learned", ways: ALL, file: "test/golden/torch/torch-lmu-1.pt" },
  // Looks ahead, so single steps have their outputs later.
  { name: "convolutions", ways: ["run", "push"], file: "test/golden/layers/convolutions.keras" },
  // Needs its whole sequence at once.
  { name: "bidirectional", ways: ["run"], file: "test/golden/layers/bidirectional-concat.keras" },
];

/**
 * The models with their bytes as a module, for engines that may not read files. One letter is one byte.
 *
 * @param {(model: typeof MODELS[number]) => string} pathOf
 */
export function moduleOf(pathOf) {
  const entries = MODELS.map((model) => {
    const text = JSON.stringify(readFileSync(pathOf(model), "latin1"));
    return `{ name: "${model.name}", ways: ${JSON.stringify(model.ways)}, bytes: bytesOf(${text}) }`;
  });
  return `const bytesOf = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
export const models = [\n${entries.join(",\n")}];\n`;
}
