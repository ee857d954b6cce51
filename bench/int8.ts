import { load } from "../bindings/index.js";
import { fileOf, makeUp, type MadeUp } from "../test/support/models.js";
import { Random } from "../test/support/random.js";
import { machine, measure, ratio, table, type Timing } from "./measure.js";

/*
 * Weights of 8 bits beside the same as floats, through the public API: one step, which rounds what is multiplied, and 16 at
 * once. The layers are as wide as what they read.
 */

/** Gates by kind of layer. */
const GATES = { dense: 1, lstm: 4, gru: 3 } as const;

const CASES: readonly (readonly [type: keyof typeof GATES, size: number])[] = [
  ...[256, 512, 1024, 2048, 4096].map((size) => ["dense", size] as const),
  ...[64, 256].flatMap((size) => [["lstm", size] as const, ["gru", size] as const]),
];

function modelOf(type: keyof typeof GATES, size: number): MadeUp {
  const rows = GATES[type] * size;
  const shapes: Record<string, readonly number[]> =
    type === "dense"
      ? { "l.weight": [rows, size] }
      : { "l.input": [rows, size], "l.recurrent": [rows, size], "l.bias": [rows] };
  return makeUp({ width: size }, [{ name: "l", type }], shapes);
}

const rows = [
  [
    "layer",
    "step f32 µs",
    "int8 µs",
    "ratio",
    "of 16: f32 µs",
    "int8 µs",
    "ratio",
    "MB f32",
    "int8",
  ],
];
for (const [type, size] of CASES) {
  const file = fileOf(modelOf(type, size));
  const input = new Random(1).floats(16 * size);
  const output = new Float32Array(16 * size);
  const models = [await load(file), await load(file, { weights: "int8" })];
  const steps = Math.max(1, Math.round(2e6 / (GATES[type] * size ** 2)));
  const runs = models.flatMap((model, i) => {
    const stream = model.stream();
    const [one, y] = [input.subarray(0, size), output.subarray(0, size)];
    const stepping = () => {
      for (let t = 0; t < steps; t++) stream.step(one, y);
    };
    const pushing = () => void stream.push(input, output);
    return [
      { name: `${i} step`, count: steps, run: stepping },
      { name: `${i} push`, count: 16, run: pushing },
    ];
  });
  const timings = await measure(runs, { rounds: 7, milliseconds: 30 });
  const [step, push, step8, push8] = timings as [Timing, Timing, Timing, Timing];
  const us = (timing: Timing) => (timing.fastest / 1000).toFixed(2);
  const times = (slow: Timing, fast: Timing) => `${ratio(slow, fast).toFixed(2)}x`;
  rows.push([
    `${type} ${size}`,
    ...[us(step), us(step8), times(step, step8)],
    ...[us(push), us(push8), times(push, push8)],
    ...models.map((model) => (model.report().weightBytes / 1e6).toFixed(2)),
  ]);
  for (const model of models) model.dispose();
}
console.log(`Weights of 8 bits. ${machine()}\n\n${table(rows)}`);
