import { fileURLToPath } from "node:url";
import { load } from "lmu-wasm";
import { Readout } from "lmu-wasm/readout";
import { compile } from "../../scripts/typescript.mjs";
import { memoryFile } from "./memory.mjs";

// The chaotic series of the trained model, with its seeds: 0 to 31 are for training, from 64 on for tests.
const repository = new URL("../../", import.meta.url);
const compiled = new URL("build/readout/", repository);
const generator = new URL("bindings/cli/mackey-glass.ts", repository);
await compile([fileURLToPath(generator)], fileURLToPath(compiled));
const { AHEAD, mackeyGlass } = await import(new URL("mackey-glass.mjs", compiled).href);

const [TRAINING, TEST] = [
  [0, 1, 2],
  [64, 65, 66, 67],
];
const STEPS = 2000;
/** Steps after which a memory has seen enough to say something. */
const WARM = 100;

/** Calls with the output of a model at each step of some series, and what comes AHEAD steps later. */
function each(model, seeds, call) {
  const stream = model.stream();
  for (const seed of seeds) {
    const series = mackeyGlass(seed, STEPS + AHEAD);
    stream.reset();
    for (let t = 0; t < STEPS; t++) {
      const output = stream.step(series[t]);
      if (t >= WARM) call(output, series[t + AHEAD]);
    }
  }
  stream.dispose();
}

/** Root mean square of the error over that of the series, on the test set. */
function nrmse(model, predict) {
  let [errors, squares] = [0, 0];
  each(model, TEST, (output, truth) => {
    errors += (predict(output) - truth) ** 2;
    squares += truth ** 2;
  });
  return Math.sqrt(errors / squares);
}

/** A readout of what is made of the memory, learned from the training series one sample after another. */
function learn(model, features) {
  let readout;
  each(model, TRAINING, (memory, truth) => {
    const x = features(memory);
    readout ??= new Readout({ features: x.length, ridge: 1e-9 });
    readout.update(x, truth);
  });
  return readout;
}

/** The numbers, their products, and the products of three of them. */
function products(m) {
  const all = [];
  for (let i = 0; i < m.length; i++) {
    all.push(m[i]);
    for (let j = i; j < m.length; j++) {
      all.push(m[i] * m[j]);
      for (let k = j; k < m.length; k++) all.push(m[i] * m[j] * m[k]);
    }
  }
  return all;
}

/** Errors of readouts on memories that nobody has trained, and of the trained model of this package. */
export async function forecast() {
  const results = [];
  for (const [name, order, theta, features] of [
    ["its 32 numbers", 32, 60, (memory) => memory],
    ["8 numbers and their products", 8, 24, products],
  ]) {
    const model = await load(memoryFile(order, theta));
    const readout = learn(model, features);
    const error = nrmse(model, (memory) => readout.predict(features(memory))[0]);
    results.push({ name: `untrained memory, readout of ${name}`, error });
    model.dispose();
  }
  const trained = await load(new URL("models/mackey-glass.safetensors", repository));
  results.push({ name: "the trained model", error: nrmse(trained, ([value]) => value) });
  return results;
}
