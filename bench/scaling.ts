import { writeFileSync } from "node:fs";
import { load } from "../bindings/index.js";
import { Random } from "../test/support/random.js";
import { chart, type Line } from "./chart.js";
import { machine, table } from "./measure.js";
import { fileFor, makeWeights } from "./model.js";

/*
 * What grows with what: time and state against steps (1 to 10 million), order, and streams (1 to 100,000) of a pool.
 *
 * node build/bench/scaling.mjs [--svg FILE]
 */

const args = process.argv.slice(2);
const svg = args.includes("--svg") ? args[args.indexOf("--svg") + 1] : undefined;
const UNITS = 32;
const THETA = 100;
/** Steps of a chunk, and least time that something is repeated for, in ms. */
const [CHUNK, LEAST] = [1000, 60];
const POWERS = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000];

const signal = new Random(1).floats(CHUNK);
const steps = await overSteps();
const orders = await overOrders();
const streams = await overStreams();

print("steps, order 32, 32 hidden units", ["steps", "ms", "ns a step", "state bytes"], steps);
print("order, 32 hidden units, one step", ["order", "ns", "state bytes"], orders);
print(
  "streams of a pool, order 32, 32 hidden units",
  ["streams", "tick µs", "ns a stream", "MB"],
  streams,
);
console.log(machine());
if (svg) {
  const line = (name: string, rows: readonly number[][], column: number): Line => ({
    name,
    points: rows.map((row) => [row[0]!, row[column]!] as const),
  });
  writeFileSync(
    svg,
    chart("Time and state against steps, order and streams", [
      {
        title: "a signal",
        x: "steps",
        y: "ms; state in bytes",
        lines: [line("time", steps, 1), line("state", steps, 3)],
      },
      {
        title: "a step",
        x: "order",
        y: "ns; state in bytes",
        lines: [line("time", orders, 1), line("state", orders, 2)],
      },
      {
        title: "a tick",
        x: "streams",
        y: "µs; memory in MB",
        lines: [line("time", streams, 1), line("memory", streams, 3)],
      },
    ]),
  );
}

/** [steps, ms, ns a step, bytes of state] */
async function overSteps(): Promise<number[][]> {
  const model = await load(fileFor(makeWeights(32, UNITS, THETA)));
  const stream = model.stream();
  const output = new Float32Array(CHUNK * UNITS);
  const chunk = (size: number) =>
    stream.push(signal.subarray(0, size), output.subarray(0, size * UNITS));
  repeat(() => chunk(CHUNK));
  return POWERS.map((count) => {
    const ms = repeat(() => {
      stream.reset();
      for (let left = count; left > 0; left -= CHUNK) chunk(Math.min(CHUNK, left));
    });
    return [count, ms, (ms * 1e6) / count, model.report().stateBytes];
  });
}

/** [order, ns, bytes of state] */
async function overOrders(): Promise<number[][]> {
  const rows: number[][] = [];
  for (const order of [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]) {
    const model = await load(fileFor(makeWeights(order, UNITS, 4 * order)));
    const stream = model.stream();
    const output = new Float32Array(UNITS);
    const run = () => signal.forEach((sample) => void stream.step(sample, output));
    repeat(run);
    rows.push([order, (repeat(run) * 1e6) / CHUNK, model.report().stateBytes]);
    model.dispose();
  }
  return rows;
}

/** [streams, µs a tick, ns a stream, MB] */
async function overStreams(): Promise<number[][]> {
  const rows: number[][] = [];
  for (const count of POWERS.slice(0, 6)) {
    const model = await load(fileFor(makeWeights(32, UNITS, THETA)));
    const before = model.report().memoryBytes;
    const pool = model.pool(count);
    const ids = Array.from({ length: count }, () => pool.open());
    const bytes = Math.max(65_536, model.report().memoryBytes - before);
    const ticks: number[] = [];
    const end = performance.now() + 4 * LEAST;
    while (ticks.length < 5 || performance.now() < end) {
      ids.forEach((id, i) => pool.push(id, signal[i % CHUNK]!));
      const start = performance.now();
      pool.tick();
      ticks.push(performance.now() - start);
    }
    const ms = fastest(ticks);
    rows.push([count, ms * 1e3, (ms * 1e6) / count, bytes / 1e6]);
    model.dispose();
  }
  return rows;
}

/** Milliseconds that something takes: the fastest tenth of what there is time for. */
function repeat(run: () => void): number {
  const times: number[] = [];
  const end = performance.now() + LEAST;
  do {
    const start = performance.now();
    run();
    times.push(performance.now() - start);
  } while (performance.now() < end);
  return fastest(times);
}

function fastest(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 10)]!;
}

function print(title: string, heading: string[], rows: readonly number[][]): void {
  const cells = rows.map((row) =>
    row.map((value) =>
      Number(value.toPrecision(3)).toLocaleString("en-US", { maximumFractionDigits: 4 }),
    ),
  );
  console.log(`${title}\n\n${table([heading, ...cells])}\n`);
}
