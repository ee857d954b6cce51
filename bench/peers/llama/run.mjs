/*
 * GPT-2 against llama.cpp in wasm: node bench/peers/llama/run.mjs [--rounds 9]. wllama runs in browsers alone, here in Chromium.
 */
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { BROWSERS } from "../../../test/runtimes/browsers.mjs";
import { makeSite } from "../../site.mjs";
import { install } from "../install.mjs";

const { values: options } = parseArgs({ options: { rounds: { type: "string", default: "9" } } });
const here = fileURLToPath(new URL(".", import.meta.url));
const wasm = "../node_modules/@wllama/wllama/esm/single-thread/wllama.wasm";

install();
const site = await makeSite(here, ["page.ts"]);
copyFileSync(join(here, wasm), join(site.cwd, "wllama.wasm"));
const [chromium] = BROWSERS;
const program = chromium.find();
if (!program) throw new Error("Cannot measure: Chromium is not on this machine");
const page = `index.html?rounds=${options.rounds}`;
const outcome = await chromium.run(program, { ...site, page, seconds: 120 });
if (outcome.error) throw new Error(outcome.error);
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
for (const [how, [ours, theirs]] of Object.entries(outcome)) {
  const times = median(theirs.rounds.map((time, i) => time / ours.rounds[i]));
  const [a, b] = [ours, theirs].map(({ rounds }) => (1e9 / median(rounds)).toFixed(0));
  console.log(`${how}: lmu-wasm ${a} tokens/s, wllama ${b} tokens/s: ${times.toFixed(2)}x`);
}
process.exit();
