import { load } from "lmu-wasm/worker";

/** The same as stream.js in a worker, which the bundler has to take along. */
export async function stream(source) {
  const model = await load(source);
  const live = await model.stream();
  const sample = (step) => Float32Array.from({ length: model.inputSize }, (_, i) => (step - i) / 8);
  const outputs = [];
  for (let step = 0; step < 8; step++) outputs.push([...(await live.step(sample(step)))]);
  model.dispose();
  return outputs;
}
