import { writeFileSync } from "node:fs";
import { load, type Model, type Stream } from "../bindings/index.js";
import { Random } from "../test/support/random.js";
import { chart } from "./chart.js";
import { gpt2Files, gpt2Weights, lmuLmFiles, recurrentFile } from "./language.js";
import { machine, table } from "./measure.js";

/*
 * Tokens per second and bytes of state at a depth: of language models of about 190,000 weights, one per kind, that read as many
 * tokens before. All depths of all models take turns, a token at a time.
 *
 * node build/bench/depth.mjs [tokens …] [--svg FILE]
 */

const args = process.argv.slice(2);
const svg = args.includes("--svg") ? args[args.indexOf("--svg") + 1] : undefined;
const given = args.filter((word) => /^\d+$/.test(word)).map(Number);
const DEPTHS = given.length ? given : [0, 1000, 4000, 16_000, 64_000, 1_000_000];

/** Where attention ends: to read as many tokens takes it longer than a minute. */
const MOST_OF_GPT = 16_000;
const [VOCABULARY, CHUNK, ROUNDS, TOKENS] = [256, 64, 25, 20];

const shape = (width: number, blocks: number) => ({ vocabulary: VOCABULARY, width, blocks });
const positions = MOST_OF_GPT + ROUNDS * TOKENS + CHUNK;
const gpt = shape(84, 2);

/** Equal numbers of weights, but for the positions of GPT. */
const MODELS: Record<string, Promise<Model>> = {
  LMU: load(lmuLmFiles(shape(96, 2), { order: 32, theta: 128, rank: 4, ffn: 216 })),
  GRU: load(recurrentFile("gru", shape(156, 1))),
  LSTM: load(recurrentFile("lstm", shape(138, 1))),
  GPT: load(gpt2Files(gpt2Weights(gpt, positions), gpt, 4, positions)),
};

/** A stream that has read so many tokens. */
interface Place {
  readonly name: string;
  readonly depth: number;
  readonly stream: Stream;
  readonly stateBytes: number;
  /** Seconds a token, each the median of a round. */
  readonly rounds: number[];
}

const random = new Random(1);
const places: Place[] = [];
for (const [name, loading] of Object.entries(MODELS)) {
  const model = await loading;
  const { stateBytes, stateBytesPerStep, parameters } = model.report();
  console.log(`${name}: ${parameters.toLocaleString("en-US")} weights`);
  const stream = model.stream();
  for (const depth of DEPTHS) {
    if (name === "GPT" && depth > MOST_OF_GPT) continue;
    for (let left = depth - stream.position; left > 0; left -= CHUNK) {
      stream.last(
        Int32Array.from({ length: Math.min(CHUNK, left) }, () => random.integer(VOCABULARY)),
      );
    }
    const bytes = stateBytes + depth * stateBytesPerStep;
    places.push({ name, depth, stream: stream.fork(), stateBytes: bytes, rounds: [] });
  }
}
const logits = new Float32Array(VOCABULARY);
for (let round = -1; round < ROUNDS; round++) {
  for (let turn = 0; turn < places.length; turn++) {
    const { stream, rounds } = places[(Math.max(0, round) + turn) % places.length]!;
    const times = Array.from({ length: TOKENS }, () => {
      const start = performance.now();
      stream.step(random.integer(VOCABULARY), logits);
      return performance.now() - start;
    });
    // The first round finds nothing in cache.
    if (round >= 0) rounds.push(median(times) / 1000);
  }
}

const names = Object.keys(MODELS);
const at = (name: string, depth: number) =>
  places.find((place) => place.name === name && place.depth === depth);
const rows = DEPTHS.map((depth) => [
  depth.toLocaleString("en-US"),
  ...names.flatMap((name) => {
    const place = at(name, depth);
    if (!place) return ["", ""];
    const speed = Math.round(1 / median(place.rounds)).toLocaleString("en-US");
    return [speed, `${(place.stateBytes / 1000).toFixed(1)} KB`];
  }),
]);
const heading = ["depth", ...names.flatMap((name) => [`${name} tokens/s`, "state"])];
console.log(`\nAt so many tokens. ${machine()}\n\n${table([heading, ...rows])}\n`);
for (const name of names) {
  const [first, last] = [1000, 1_000_000].map((depth) => at(name, depth));
  if (!first || !last) continue;
  const each = last.rounds.map((time, i) => time / first.rounds[i]!);
  console.log(`${name}: a token at 1,000,000 takes ${median(each).toFixed(3)} of one at 1,000`);
}
if (svg) {
  const lines = (value: (place: Place) => number) =>
    names.map((name) => ({
      name,
      // A logarithm has no zero.
      points: places
        .filter((place) => place.name === name && place.depth > 0)
        .map((place) => [place.depth, value(place)] as const),
    }));
  const x = "tokens read before";
  const panels = [
    { title: "speed", x, y: "tokens a second", lines: lines(({ rounds }) => 1 / median(rounds)) },
    { title: "state", x, y: "bytes", lines: lines(({ stateBytes }) => stateBytes) },
  ];
  writeFileSync(svg, chart("Speed and state of language models after so many tokens", panels));
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}
