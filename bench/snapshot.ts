import { load, Timeline } from "../bindings/index.js";
import { Random } from "../test/support/random.js";
import { machine, measure, table } from "./measure.js";
import { fileFor, makeWeights } from "./model.js";

/*
 * What it costs to keep the past of a stream, beside a step of the same stream in the same run: order / hidden units.
 */

const SHAPES = [
  [32, 32, 100],
  [256, 212, 784],
] as const;

/** Calls per sample of the clock. */
const CALLS = 50;

const rows = [["order/hidden", "what", "ns", "steps"]];
for (const [order, units, theta] of SHAPES) {
  const model = await load(fileFor(makeWeights(order, units, theta)));
  const [stream, watched] = [model.stream(), model.stream()];
  stream.push(new Random(2).floats(500));
  new Timeline(watched, { every: 1, capacity: 100 });
  const snapshot = stream.save();
  const output = new Float32Array(units);
  const one = Float32Array.of(0.1);
  const cases: Readonly<Record<string, () => unknown>> = {
    step: () => stream.step(one, output),
    push: () => stream.push(one, output),
    "step with a timeline of every step": () => watched.step(one, output),
    "save f32": () => stream.save(),
    "save f16": () => stream.save({ dtype: "f16" }),
    "save int8": () => stream.save({ dtype: "int8" }),
    load: () => stream.load(snapshot),
    "fork and dispose": () => stream.fork().dispose(),
    "advance by one sample": () => model.advance(snapshot, one),
  };
  const timings = await measure(
    Object.entries(cases).map(([name, call]) => ({
      name,
      count: CALLS,
      run: () => {
        for (let i = 0; i < CALLS; i++) call();
      },
    })),
  );
  const step = timings[0]!.median;
  for (const { name, median } of timings) {
    rows.push([`${order}/${units}`, name, median.toFixed(0), (median / step).toFixed(1)]);
  }
  model.dispose();
}
console.log(`Snapshots. ${machine()}\n\n${table(rows)}`);
