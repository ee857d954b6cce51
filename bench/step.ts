import { load } from "../bindings/index.js";
import { Random } from "../test/support/random.js";
import { machine, measure, ratio, table } from "./measure.js";
import { fileFor, makeWeights } from "./model.js";
import { Twin } from "./twin.js";

/*
 * One step of a live signal through the public API, beside the same network in plain JavaScript: what a user waits for
 * between a sample and its answer. Order / hidden units; 4/49 is the published Mackey-Glass layer, 256/212 psMNIST.
 */

const SHAPES = [
  [4, 49, 4],
  [32, 32, 100],
  [256, 212, 784],
] as const;

/** Steps per sample of the clock, so that its resolution does not show. */
const STEPS = 100;

const rows = [
  ["order/hidden", "lmu-wasm ns", "fastest–slowest", "plain JS ns", "fastest–slowest", "ratio"],
];
for (const [order, units, theta] of SHAPES) {
  const weights = makeWeights(order, units, theta);
  const model = await load(fileFor(weights));
  const stream = model.stream();
  const twin = new Twin(weights);
  const signal = new Random(2).floats(STEPS);
  const output = new Float32Array(units);
  agree(model.run(signal), signal, new Twin(weights));
  let sink = 0;
  const timings = await measure([
    {
      name: "wasm",
      count: STEPS,
      run: () => {
        for (let t = 0; t < STEPS; t++) sink += stream.step(signal[t]!, output)[0]!;
      },
    },
    {
      name: "twin",
      count: STEPS,
      run: () => {
        for (let t = 0; t < STEPS; t++) sink += twin.step(signal[t]!)[0]!;
      },
    },
  ]);
  if (!Number.isFinite(sink)) throw new Error("the outputs are not finite");
  const [wasm, js] = timings as [(typeof timings)[0], (typeof timings)[0]];
  const spread = (timing: typeof wasm) =>
    `${timing.fastest.toFixed(0)}–${timing.slowest.toFixed(0)}`;
  rows.push([
    `${order}/${units}`,
    wasm.median.toFixed(0),
    spread(wasm),
    js.median.toFixed(0),
    spread(js),
    `${ratio(js, wasm).toFixed(1)}x`,
  ]);
  model.dispose();
}
console.log(`One step through the public API. ${machine()}\n\n${table(rows)}`);

/** Two networks that differ are not worth comparing. */
function agree(outputs: Float32Array, signal: Float32Array, twin: Twin): void {
  signal.forEach((x, t) => {
    twin.step(x).forEach((value, i, { length }) => {
      if (Math.abs(value - outputs[t * length + i]!) > 1e-3) {
        throw new Error(`step ${t}: ${value} is not ${outputs[t * length + i]}`);
      }
    });
  });
}
