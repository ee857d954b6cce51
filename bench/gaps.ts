import { load } from "../bindings/index.js";
import { Random } from "../test/support/random.js";
import { machine, measure, ratio, table, type Timing } from "./measure.js";
import { fileFor, makeWeights } from "./model.js";

/*
 * Steps of another length than one beside a plain step of the same model: a time whose matrix is kept (hit), one whose
 * matrix must be made (miss), whole steps (binary powers), a gap of a million, and silence before the sample.
 */

const SHAPES = [
  [32, 32, 100],
  [256, 212, 784],
] as const;

/** Steps per sample of the clock, so that its resolution does not show. */
const STEPS = 20;

const rows = [["order/hidden", "step", "ns", "times a plain step"]];
for (const [order, units, theta] of SHAPES) {
  const random = new Random(1);
  const output = new Float32Array(units);
  const model = await load(fileFor(makeWeights(order, units, theta)));
  const stream = model.stream();
  const steps = (options: object) => () => {
    for (let t = 0; t < STEPS; t++) stream.step(0.5, output, options);
  };
  const plain = () => {
    for (let t = 0; t < STEPS; t++) stream.step(0.5, output);
  };
  const two = [{ dt: 0.3 }, { dt: 0.7 }] as const;
  const turns = () => {
    for (let t = 0; t < STEPS; t++) stream.step(0.5, output, two[t % 2]);
  };
  const timings = await measure([
    { name: "plain", count: STEPS, run: plain },
    { name: "dt 0.3, kept", count: STEPS, run: steps({ dt: 0.3 }) },
    { name: "dt 0.3 and 0.7 in turn, kept", count: STEPS, run: turns },
    { name: "dt 5", count: STEPS, run: steps({ dt: 5 }) },
    { name: "dt 1,000,000", count: STEPS, run: steps({ dt: 1e6 }) },
    { name: "dt 5, zero between", count: STEPS, run: steps({ dt: 5, between: "zero" }) },
  ]);
  const misses = await measure(
    [
      {
        name: "dt at random, to be made",
        count: 1,
        run: () => void stream.step(0.5, output, { dt: random.next() }),
      },
    ],
    { rounds: 3 },
  );
  const [base] = timings as [Timing];
  for (const timing of [...timings, ...misses]) {
    const times = misses.includes(timing) ? timing.median / base.median : ratio(timing, base);
    rows.push([`${order}/${units}`, timing.name, timing.median.toFixed(0), `${times.toFixed(2)}x`]);
  }
  model.dispose();
}
console.log(`Steps of other lengths than one. ${machine()}\n\n${table(rows)}`);
