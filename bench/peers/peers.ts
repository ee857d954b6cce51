import { parseArgs } from "node:util";
import { machine, table } from "../measure.js";
import { gpt } from "./gpt.js";
import { INT8_TOLERANCE, int8 } from "./int8.js";
import { lmuSteps } from "./lmu.js";
import { recurrent } from "./recurrent.js";
import { type Contender, compete, median } from "./rounds.js";
import { type Runtime, runtimes } from "./runtimes.js";
import { lmuBatch, lmuSequence } from "./sequence.js";

/*
 * The same networks with the same weights in other runtimes, on one thread each. Outputs are compared before anything is timed;
 * in every round all runtimes have their turn, so that a busy machine hurts all alike.
 */

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "9" },
    only: { type: "string", default: "" }, // part of a case's name
    json: { type: "boolean", default: false },
  },
});

type Case = readonly [
  name: string,
  make: (all: readonly Runtime[]) => Promise<Contender[]>,
  tolerance?: number,
];

const layers = (["lstm", "gru"] as const).flatMap((type) =>
  [64, 256].flatMap((units): Case[] => [
    [`${type.toUpperCase()} ${units}, a step`, (all) => recurrent(type, units, "steps", all)],
    [`${type.toUpperCase()} ${units}, a step of 64`, (all) => recurrent(type, units, "chunk", all)],
  ]),
);
const CASES: readonly Case[] = [
  ["LMU 32/32, a step", (all) => lmuSteps(32, 32, 100, all)],
  ["LMU 256/212, a step", (all) => lmuSteps(256, 212, 784, all)],
  ["LMU 256/212, 784 steps", (all) => lmuSequence(256, 212, 784, "exact", all)],
  ["LMU 256/212, 784 steps at once", (all) => lmuSequence(256, 212, 784, "parallel", all)],
  ["LMU 256/212, 784 steps, batch of 100", () => lmuBatch(256, 212, 784, 100)],
  ...layers,
  ...[256, 512, 1024, 2048, 4096].map((size): Case => [
    `Dense ${size}, int8`,
    (all) => int8(size, all),
    INT8_TOLERANCE,
  ]),
  ["GPT-2 of 4 × 256, a token", (all) => gpt("decode", all)],
  ["GPT-2 of 4 × 256, a token of 128", (all) => gpt("prompt", all)],
];

/** Three digits of a time in ns, in µs. */
function micro(ns: number): string {
  const [value, digits] = [ns / 1000, ns < 1e5 ? 3 : 0];
  return digits
    ? String(Number(value.toPrecision(digits)))
    : Math.round(value).toLocaleString("en-US");
}

const rows = [["what", "runtime", "µs", "fastest–slowest", "times lmu-wasm"]];
const found: object[] = [];
const all = await runtimes();
for (const [name, make, tolerance] of CASES) {
  if (!name.toLowerCase().includes(options.only.toLowerCase())) continue;
  const results = await compete(await make(all), Number(options.rounds), tolerance);
  const [ours] = results;
  for (const { name: runtime, rounds } of results) {
    const sorted = [...rounds].sort((a, b) => a - b);
    const times = median(rounds.map((time, i) => time / ours!.rounds[i]!));
    const spread = `${micro(sorted[0]!)}–${micro(sorted.at(-1)!)}`;
    const what = runtime === ours!.name ? name : "";
    rows.push([what, runtime, micro(median(rounds)), spread, `${times.toFixed(2)}x`]);
    found.push({ case: name, runtime, median: median(rounds), times, rounds });
  }
}
if (options.json) console.log(JSON.stringify({ machine: machine(), results: found }));
else console.log(`One thread each. ${machine()}\n\n${table(rows, 2)}`);
// Runtimes keep threads of their own.
process.exit(0);
