// Coverage-guided fuzzing of load(): npm run test:fuzz -- [--seconds 60] [--seed N] [--target keras] [--corpus folder]
// or --replay FILE [--target keras], or --distill BYTES, which makes test/fuzz/corpus
// anew, of the best of itself and of what runs have left in build/fuzz/corpus.
//
// Each target (targets.ts) has its share of the time in a process of its own, which is killed when a file hangs it.
// Files that reach new code are kept and changed further. Finds lie in build/fuzz/finds; a find of time or memory
// counts when it repeats in a fresh process.
import { spawn } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, resolve } from "node:path";
import { createInterface } from "node:readline";
import { clearInterval, setInterval } from "node:timers";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { buildSync } from "esbuild";

process.chdir(new URL("../..", import.meta.url).pathname);
const text = { type: /** @type {const} */ ("string") };
const { values } = parseArgs({
  options: { seconds: text, seed: text, target: text, corpus: text, replay: text, distill: text },
});
const out = resolve("build/fuzz");
const seed = Number(values.seed ?? Date.now() % 1e9);
const corpus = values.corpus ?? "test/fuzz/corpus";
/** Without a sign of life, on a machine that may be busy. */
const HANG_SECONDS = 30;
const MEGABYTES = 1024;

for (const folder of ["corpus", "finds"]) mkdirSync(`${out}/${folder}`, { recursive: true });
const common = { bundle: true, platform: "node", format: "esm", logLevel: "error" };
// Two files, so that only the library's own blocks count.
buildSync({ ...common, entryPoints: ["bindings/index.ts"], outfile: `${out}/library.mjs` });
buildSync({
  ...common,
  entryPoints: { child: "test/fuzz/child.ts", targets: "test/fuzz/targets.ts" },
  outdir: out,
  outExtension: { ".js": ".mjs" },
  // The golden files are found from where their reader lies.
  define: { "import.meta.url": JSON.stringify(pathToFileURL("test/support/golden.ts").href) },
});
const { TARGETS } = await import(pathToFileURL(`${out}/targets.mjs`).href);

/** Runs one job; gives the lines it printed, its exit code, and whether it had to be killed. */
async function child(job) {
  const library = pathToFileURL(`${out}/library.mjs`).href;
  const flags = ["--expose-gc", `--max-old-space-size=${MEGABYTES}`, `${out}/child.mjs`];
  const whole = { seed, seconds: 0, library, corpus: [corpus, `${out}/corpus`], out, ...job };
  const stdio = ["ignore", "pipe", "ignore"];
  const running = spawn(process.execPath, [...flags, JSON.stringify(whole)], { stdio });
  const lines = [];
  let alive = Date.now();
  createInterface({ input: running.stdout }).on("line", (line) => {
    lines.push(JSON.parse(line));
    alive = Date.now();
  });
  let isKilled = false;
  const watch = setInterval(() => {
    const current = `${out}/current.bin`;
    if (job.task === "fuzz" && existsSync(current))
      alive = Math.max(alive, statSync(current).mtimeMs);
    if (Date.now() - alive < 1000 * HANG_SECONDS || job.task === "distill") return;
    isKilled = true;
    running.kill("SIGKILL");
  }, 500);
  const code = await new Promise((done) => running.on("close", done));
  clearInterval(watch);
  return { lines, code, isKilled };
}

/** Whether a find repeats. */
async function repeats(target, file) {
  const { lines, code, isKilled } = await child({ task: "replay", target, replay: file });
  const what = isKilled ? "hangs" : (lines[0]?.fault ?? (code ? "kills the process" : undefined));
  if (what) console.log(`FIND ${file}\n  ${what}\n  npm run test:fuzz -- --replay ${file}`);
  return what !== undefined;
}

async function fuzz(target, seconds) {
  const until = Date.now() + 1000 * seconds;
  let finds = 0;
  for (let round = 0; Date.now() < until; round++) {
    const left = (until - Date.now()) / 1000;
    const job = { task: "fuzz", target, seconds: left, seed: seed + round };
    const { lines, code } = await child(job);
    for (const line of lines) {
      if (line.find) finds += Number(await repeats(target, line.find));
      else console.log(JSON.stringify(line));
    }
    if (code === 0) break;
    const file = `${out}/finds/${target}-died${seed + round}.bin`;
    copyFileSync(`${out}/current.bin`, file);
    finds += Number(await repeats(target, file));
  }
  return finds;
}

async function distill(bytes) {
  rmSync(`${out}/distilled`, { recursive: true, force: true });
  mkdirSync(`${out}/distilled`);
  const names = Object.keys(TARGETS);
  for (const target of names) await child({ task: "distill", target, bytes: bytes / names.length });
  rmSync(corpus, { recursive: true, force: true });
  cpSync(`${out}/distilled`, corpus, { recursive: true });
  console.log(`${readdirSync(corpus).length} files in ${corpus}`);
}

const targetOf = (file) => values.target ?? basename(file).replace(/(-sound)?-[^-]*$/, "");
if (values.distill) await distill(Number(values.distill));
else if (values.replay)
  process.exitCode = Number(await repeats(targetOf(values.replay), resolve(values.replay)));
else {
  const names = values.target ? [values.target] : Object.keys(TARGETS);
  console.log(`seed ${seed}; repeat with --seed ${seed}`);
  let finds = 0;
  for (const name of names) finds += await fuzz(name, Number(values.seconds ?? 60) / names.length);
  console.log(finds ? `${finds} files do what none may` : "no file does what none may");
  process.exitCode = Number(finds > 0);
}
