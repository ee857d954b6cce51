import { load } from "../bindings/index.js";
import { Random } from "../test/support/random.js";
import { machine, measure, ratio, table } from "./measure.js";
import { fileFor, makeWeights, memoryFile } from "./model.js";

/*
 * Whole sequences, memories many samples at once beside our own steps: psMNIST's shape (order 256, theta 784, 212 units, 784
 * samples) alone and in a batch, and the last memory of an LMU without a hidden cell.
 */

const STEPS = 784;

const CASES = [
  ["256/212, all outputs", fileFor(makeWeights(256, 212, STEPS)), 1],
  ["256/212, batch of 100", fileFor(makeWeights(256, 212, STEPS)), 100],
  ["32/32, all outputs", fileFor(makeWeights(32, 32, 100)), 1],
  ["256, last memory", memoryFile(256, STEPS), 1],
] as const;

const rows = [["order/hidden", "steps µs", "parallel µs", "parallel / steps", "apart"]];
for (const [name, file, batch] of CASES) {
  const exact = await load(file);
  const parallel = await load(file, { prefill: "parallel" });
  const input = new Random(2).floats(STEPS * batch);
  const [a, b] = [exact.run(input, { batch }), parallel.run(input, { batch })];
  const apart = a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
  if (!(apart < 1e-4)) throw new Error(`${name}: ${apart} apart`);
  const runs = [exact, parallel].map((model, i) => ({
    name: ["steps", "parallel"][i]!,
    count: batch,
    run: () => void model.run(input, { batch, output: i ? b : a }),
  }));
  const isLong = batch > 1;
  const few = { rounds: isLong ? 3 : 7, milliseconds: 20, warmup: 2, iterations: isLong ? 1 : 8 };
  const timings = await measure(runs, few);
  const [steps, many] = timings as [(typeof timings)[0], (typeof timings)[0]];
  rows.push([
    name,
    (steps.median / 1e3).toFixed(0),
    (many.median / 1e3).toFixed(0),
    ratio(many, steps).toFixed(2),
    apart.toExponential(0),
  ]);
  exact.dispose();
  parallel.dispose();
}
console.log(`${STEPS} samples, per sequence. ${machine()}\n\n${table(rows)}`);
