/*
 * How much memory loading takes beside the size of the file, in fresh processes:
 * node bench/memory/run.mjs [--runs 3] [--json] [FILE …]. Linux only, where a process can ask for its own peak.
 *
 * Makes files of 100 MB that need no Python. Others are given by path; options of load() stand in FILE.options.json.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { compile } from "../../scripts/typescript.mjs";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: "string", default: "3" }, json: { type: "boolean" } },
});
const paths = positionals.map((path) => resolve(path));
if (process.platform !== "linux") throw new Error("Cannot measure: this bench needs Linux");
process.chdir(new URL("../..", import.meta.url).pathname);

/** Promised: peak of all memory over the file, and what a native stream takes beside the model. */
const MOST_RATIO = 3;
const SIZES = [50, 100, 200];
const FOLDER = "build/bench/memory";
const MB = 1e6;

const SAFETENSORS = SIZES.map((size) => join(FOLDER, `native-${size}.safetensors`));
const STATE_DICTS = ["state-dict.npz", "shards"].map((name) => join(FOLDER, name));

/** What is loaded, and how. */
const CASES = [
  ...[SAFETENSORS[1], ...STATE_DICTS, ...paths].map((path) => ({ path, how: "file" })),
  ...SAFETENSORS.map((path) => ({ path, how: "stream" })),
  ...[STATE_DICTS[0], ...paths].map((path) => ({ path, how: "stream" })),
  { path: SAFETENSORS[1], how: "abort" },
];

await compile(["bench/memory/files.ts", "bench/memory/load.ts"], FOLDER);

function run(...args) {
  const { status, stdout, stderr } = spawnSync(process.env.NODE ?? process.execPath, args, {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${args.join(" ")} failed:\n${stderr}`);
  return stdout;
}

/** Bytes of a file, or of those of a folder. */
function bytesOf(path) {
  if (!statSync(path).isDirectory()) return statSync(path).size;
  return readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0);
}

/** Loads several times; the run that took most. */
function measure({ path, how }) {
  const runs = Array.from({ length: Number(flags.runs) }, () =>
    JSON.parse(run("--expose-gc", join(FOLDER, "load.mjs"), path, how)),
  );
  const { baseline, peak, ...most } = runs.reduce((a, b) => (extraOf(b) > extraOf(a) ? b : a));
  const bytes = bytesOf(path);
  const extra = peak - baseline;
  return {
    file: basename(path),
    how,
    bytes,
    extra,
    ratio: extra / bytes,
    ...most,
    ...(most.wasm && { beside: extra - most.wasm }),
    ...(most.left && { left: most.left - baseline }),
  };
}

function extraOf({ peak, baseline }) {
  return peak - baseline;
}

function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const pad = (cell, column) =>
    column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]);
  return rows.map((row) => row.map(pad).join("  ").trimEnd()).join("\n");
}

const megabytes = (bytes) => (bytes / MB).toFixed(1);

function print(loads, abort) {
  const heading = ["file", "from", "MB", "peak MB", "ratio", "wasm MB", "beside MB", "s"];
  const rows = loads.map(({ file, how, bytes, extra, ratio, wasm, beside, seconds }) => [
    ...[file, how, megabytes(bytes), megabytes(extra)],
    `${ratio.toFixed(2)}${ratio > MOST_RATIO ? " !" : ""}`,
    ...[megabytes(wasm), megabytes(beside), seconds.toFixed(1)],
  ]);
  console.log("Memory of the process at its peak while loading, less what it had before.\n");
  console.log(table([heading, ...rows]));
  console.log("\nbeside: peak less the wasm memory, which is the model.");
  const { milliseconds, loaded, left, isClosed } = abort;
  console.log(
    `Aborted at ${megabytes(loaded)} MB of a stream: rejected after ${milliseconds.toFixed(1)} ms, ` +
      `the file is ${isClosed ? "closed" : "still open"}, ${megabytes(left)} MB are left.`,
  );
}

if (!STATE_DICTS.every((path) => existsSync(path)))
  run(join(FOLDER, "files.mjs"), FOLDER, ...SIZES.map(String));
const results = CASES.map(measure);
if (flags.json) console.log(JSON.stringify({ node: process.version, results }, null, 2));
else print(results.slice(0, -1), results.at(-1));
