import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "../bindings/index.js";
import { Random } from "../test/support/random.js";
import { gpt2Files, gpt2Weights, lmuLmFiles } from "./language.js";
import { machine, table } from "./measure.js";

/*
 * Language models as large as the papers', with random weights: how long a token takes, alone and in a prompt, and what loading takes of memory. Each
 * is loaded from a folder by a process of its own. Writes 0.5 GB at a time into build/bench/large, and takes it away again.
 */

const [VOCABULARY, WIDTH, BLOCKS, POSITIONS] = [50_257, 768, 12, 1024];
const [TOKENS, PROMPT] = [60, 256];
const shape = { vocabulary: VOCABULARY, width: WIDTH, blocks: BLOCKS };

const MODELS = {
  "LMU-LM, order 32": () => lmuLmFiles(shape, { order: 32, theta: 1024, rank: 8, ffn: 1936 }),
  "GPT-2 small": () => gpt2Files(gpt2Weights(shape, POSITIONS), shape, 12, POSITIONS),
};

const [folder] = process.argv.slice(2);
if (folder) console.log(JSON.stringify(await measureFolder(folder)));
else compare();

/** What a process finds out that does nothing else. */
async function measureFolder(path: string) {
  // Linux alone; that of resourceUsage() begins with what the parent had.
  const status = () => readFileSync("/proc/self/status", "utf8");
  const peak = () => Number(/VmHWM:\s+(\d+)/.exec(status())![1]) / 1024;
  const before = peak();
  const start = performance.now();
  const model = await load(path);
  const loaded = performance.now();
  const loadPeak = peak();
  const stream = model.stream();
  const logits = new Float32Array(VOCABULARY);
  const random = new Random(1);
  const times = Array.from({ length: TOKENS }, () => {
    const begin = performance.now();
    stream.step(random.integer(VOCABULARY), logits);
    return performance.now() - begin;
  });
  if (!logits.every(Number.isFinite)) throw new Error("the logits are not finite");
  const prompt = Int32Array.from({ length: PROMPT }, () => random.integer(VOCABULARY));
  stream.reset();
  const began = performance.now();
  stream.last(prompt);
  const inPrompt = (performance.now() - began) / PROMPT;
  const { parameters, memoryBytes } = model.report();
  const token = times.sort((a, b) => a - b)[TOKENS >> 1]!;
  const [wasm, extra] = [memoryBytes / 2 ** 20, loadPeak - before];
  return { parameters, seconds: (loaded - start) / 1000, wasm, extra, token, inPrompt };
}

function compare(): void {
  const rows = [
    [
      "model",
      "weights",
      "load s",
      "peak MiB",
      "of that wasm",
      "ms a token",
      "in a prompt",
      "ratio",
    ],
  ];
  for (const [name, files] of Object.entries(MODELS)) {
    const path = "build/bench/large";
    mkdirSync(path, { recursive: true });
    for (const [file, bytes] of Object.entries(files())) writeFileSync(join(path, file), bytes);
    const { status, stdout, stderr } = spawnSync(process.execPath, [process.argv[1]!, path]);
    rmSync(path, { recursive: true });
    if (status !== 0) throw new Error(`${name} failed:\n${stderr.toString()}`);
    const found = JSON.parse(stdout.toString()) as Awaited<ReturnType<typeof measureFolder>>;
    const { parameters, seconds, extra, wasm, token, inPrompt } = found;
    const numbers = [seconds.toFixed(1), extra.toFixed(0), wasm.toFixed(0)];
    const weights = `${(parameters / 1e6).toFixed(1)} M`;
    const speeds = [token.toFixed(1), inPrompt.toFixed(1), `${(token / inPrompt).toFixed(1)}×`];
    rows.push([name, weights, ...numbers, ...speeds]);
  }
  console.log(`Random weights in f32. ${machine()}\n\n${table(rows)}`);
}
