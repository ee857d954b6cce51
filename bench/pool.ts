import { load } from "../bindings/index.js";
import type { Exports } from "../bindings/runtime/exports.js";
import { Arena } from "../test/support/kernel.js";
import { Random } from "../test/support/random.js";
import { machine, table } from "./measure.js";
import { fileFor, makeWeights } from "./model.js";

/*
 * A tick of 10,000 live streams: beside stepping as many streams one by one, beside its matrix products alone, and when a
 * random half of the samples has come. Rounds take turns; each figure is the fastest tenth of them, in ns per stream.
 */

const STREAMS = 10_000;
/** Streams of one call of the plan. */
const GROUP = 16;
const ROUNDS = 60;

const rows = [
  [
    "order/hidden",
    "push",
    "tick",
    "half tick",
    "output",
    "products",
    "one by one",
    "MB",
    "of one by one",
    "of products",
    "half",
  ],
];
for (const [order, units, theta, streams] of [
  [32, 32, 100, STREAMS],
  [256, 212, 784, STREAMS],
] as const) {
  const weights = makeWeights(order, units, theta);
  const model = await load(fileFor(weights));
  const before = model.report().memoryBytes;
  const pool = model.pool(streams);
  const ids = Array.from({ length: streams }, () => pool.open());
  const bytes = model.report().memoryBytes - before;
  const alone = Array.from({ length: streams }, () => model.stream());
  const products = makeProducts(order, units, streams);
  const output = new Float32Array(units);
  const random = new Random(1);
  const signal = random.floats(streams);
  let sink = 0;
  const half = () => ids.filter(() => random.integer(2) === 0);
  const timings: Record<string, number[]> = {};
  const time = (name: string, count: number, run: () => void) => {
    const start = performance.now();
    run();
    (timings[name] ??= []).push(((performance.now() - start) * 1e6) / count);
  };
  const rounds = order > 100 ? ROUNDS / 4 : ROUNDS;
  for (let round = 0; round < rounds; round++) {
    // The first of two finds in cache what others have left there.
    for (let twice = 0; twice < 2; twice++) {
      time("push", streams, () => ids.forEach((id, i) => pool.push(id, signal[i]!)));
      time("tick", streams, () => pool.tick());
      time("output", streams, () => ids.forEach((id) => (sink += pool.output(id, output)[0]!)));
    }
    for (let twice = 0; twice < 2; twice++) {
      const some = half();
      some.forEach((id, i) => pool.push(id, signal[i]!));
      time("half", some.length, () => pool.tick());
    }
    for (let twice = 0; twice < 2; twice++) time("products", streams, products);
    for (let twice = 0; twice < 2; twice++) {
      time("alone", streams, () =>
        alone.forEach((stream, i) => (sink += stream.step(signal[i]!, output)[0]!)),
      );
    }
  }
  if (!Number.isFinite(sink)) throw new Error("the outputs are not finite");
  const fast = (name: string) => {
    const sorted = timings[name]!.sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 10)]!;
  };
  const ns = (name: string) => fast(name).toFixed(0);
  rows.push([
    `${order}/${units}`,
    ...["push", "tick", "half", "output", "products", "alone"].map(ns),
    (bytes / 1e6).toFixed(2),
    `${(fast("alone") / fast("tick")).toFixed(2)}x`,
    `${((100 * fast("products")) / fast("tick")).toFixed(0)} %`,
    `${((100 * fast("half")) / fast("tick") - 100).toFixed(1)} %`,
  ]);
  model.dispose();
}
console.log(`Ticks of ${STREAMS} streams. ${machine()}\n\n${table(rows)}`);

/** What of a tick is matrix products: the same calls of the same kernel, over as much memory. */
function makeProducts(order: number, units: number, streams: number): () => void {
  const arena = new Arena();
  const { affine }: Exports = arena.kernel;
  const matrix = (inputs: number, outputs: number) =>
    arena.copy(new Random(inputs).floats(inputs * outputs, 1e-3));
  const [D, E, W, X, U] = [
    matrix(order, order),
    matrix(1, 4),
    matrix(order, units),
    matrix(1, units),
    matrix(units, units),
  ];
  const state = (order + units + 4) * 4;
  const states = arena.floats((streams * state) / 4);
  const [u, r, h, bias] = [64, GROUP * order, GROUP * units, units].map((n) => arena.floats(n)) as [
    number,
    number,
    number,
    number,
  ];
  const O = order * 4;
  const H = units * 4;
  return () => {
    for (let s = 0; s < streams; s += GROUP) {
      const m = states + s * state + 16;
      affine(u, 16, bias, 0, u, 16, GROUP, E, 1, 4);
      affine(m, state, m, state, r, O, GROUP, D, order, order);
      affine(h, H, bias, 0, u, 16, GROUP, X, 1, units);
      affine(h, H, h, H, r, O, GROUP, W, order, units);
      affine(h, H, h, H, m + O, state, GROUP, U, units, units);
    }
  };
}
