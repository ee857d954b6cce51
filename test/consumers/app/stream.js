import { load } from "lmu-wasm";

/** Streams eight samples through a model; every consumer must give the same numbers, to the last bit. */
export async function stream(source) {
  const model = await load(source);
  const live = model.stream();
  const sample = (step) => Float32Array.from({ length: model.inputSize }, (_, i) => (step - i) / 8);
  const outputs = Array.from({ length: 8 }, (_, step) => [...live.step(sample(step))]);
  model.dispose();
  return outputs;
}
