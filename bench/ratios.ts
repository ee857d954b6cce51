import { readFileSync } from "node:fs";
import { load } from "../bindings/index.js";
import { Random } from "../test/support/random.js";
import { lmuLmFiles } from "./language.js";
import { type Candidate, machine, measure, ratio, table } from "./measure.js";
import { fileFor, makeWeights } from "./model.js";
import { Twin } from "./twin.js";

/*
 * What must not become slower unnoticed, as ratios within one run: what a machine is busy with hurts both sides. bench/ratios.json
 * has the lower of Node 20 and 24; a ratio that is less than half of that, or is not there, ends in the exit code 1.
 */

/** Of what was expected, so much is let pass: engines, processors and neighbours differ. */
const LEAST = 0.5;
const STEPS = 64;

const expected = JSON.parse(readFileSync("bench/ratios.json", "utf8")) as Record<string, number>;
const signal = new Random(2).floats(STEPS);

/** Steps of an LMU beside plain JavaScript, and beside the same steps in a chunk, a pool, a batch. */
async function lmu(order: number, units: number): Promise<[string, Candidate, Candidate][]> {
  const weights = makeWeights(order, units, 4 * order);
  const model = await load(fileFor(weights));
  const [stream, twin, pool] = [model.stream(), new Twin(weights), model.pool(STEPS)];
  const ids = Array.from({ length: STEPS }, () => pool.open());
  const output = new Float32Array(units);
  const rows = new Float32Array(STEPS * units);
  const candidate = (name: string, run: () => void) => ({ name, count: STEPS, run });
  const step = candidate("step", () => {
    for (const sample of signal) stream.step(sample, output);
  });
  const plain = candidate("plain", () => {
    for (const sample of signal) twin.step(sample);
  });
  const push = candidate("push", () => void stream.push(signal, rows));
  const tick = candidate("tick", () => {
    ids.forEach((id, i) => pool.push(id, signal[i]!));
    pool.tick();
  });
  const name = `LMU ${order}/${units}`;
  return [
    [`${name}: plain JavaScript / step`, plain, step],
    [`${name}: step / step of a chunk`, step, push],
    [`${name}: step / stream of a tick`, step, tick],
  ];
}

/** Tokens one by one beside a prompt of as many. */
async function language(): Promise<[string, Candidate, Candidate][]> {
  const shape = { vocabulary: 256, width: 96, blocks: 2 };
  const model = await load(lmuLmFiles(shape, { order: 32, theta: 128, rank: 4, ffn: 216 }));
  const ids = Int32Array.from(signal, (x) => Math.floor(128 * (x + 1)));
  const [one, many] = [model.stream(), model.stream()];
  const output = new Float32Array(shape.vocabulary);
  const step = {
    name: "token",
    count: STEPS,
    run: () => ids.forEach((id) => void one.step([id], output)),
  };
  const prompt = { name: "prompt", count: STEPS, run: () => void many.last(ids, output) };
  return [["LMU language model: token / token of a prompt", step, prompt]];
}

const pairs = [...(await lmu(32, 32)), ...(await lmu(256, 212)), ...(await language())];
const rows = [["ratio", "expected", "least", "found", ""]];
for (const [name, slow, fast] of pairs) {
  const [a, b] = await measure([slow, fast], { rounds: 7, milliseconds: 25 });
  const found = ratio(a!, b!);
  // Who adds a ratio says what it is.
  const wanted = expected[name] ?? Infinity;
  const isSlow = found < wanted * LEAST;
  if (isSlow) process.exitCode = 1;
  const numbers = [wanted, wanted * LEAST, found].map((one) => one.toFixed(2));
  rows.push([name, ...numbers, isSlow ? "too slow" : ""]);
}
console.log(`Ratios within this run. ${machine()}\n\n${table(rows)}`);
