/*
 * Installs the packed package into one small app per bundler and framework, builds it, runs what comes out, and compares
 * the numbers with those of plain Node. node test/consumers/run.mjs [NAME...] [--keep] [--tarball FILE]
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { MODELS, writeFiles } from "./app.mjs";
import { findModernNode } from "../runtimes/programs.mjs";
import { launchChromium } from "./chromium.mjs";
import { installCommand, pack } from "./package.mjs";
import { run } from "./shell.mjs";
import { consumers } from "./table.mjs";

const { values: options, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: { keep: { type: "boolean" }, tarball: { type: "string" } },
});

const modernNode = findModernNode();
const node = modernNode ?? process.execPath;
const root = mkdtempSync(join(tmpdir(), "lmu-wasm-consumers-"));
process.on("exit", () => {
  if (options.keep) console.log(`kept: ${root}`);
  else rmSync(root, { recursive: true, force: true, maxRetries: 3 });
});

let launched;
/** One browser for all, started when the first page needs it. */
const browser = () => (launched ??= launchChromium());

/** Makes the folder of a consumer, with its packages installed and its files written. */
async function prepare({ name, packages, files, folders = [] }, tarball) {
  const folder = join(root, name.replaceAll(" ", "-"));
  for (const path of ["", ...folders]) mkdirSync(join(folder, path), { recursive: true });
  const write = (texts) => writeFiles(folder, texts);
  write({
    "package.json": '{ "name": "consumer", "private": true, "type": "module" }\n',
    ...files,
  });
  const context = {
    folder,
    node,
    browser,
    write,
    run: (command, more) => run(command, { cwd: folder, node, ...more }),
  };
  await context.run(installCommand([tarball, ...packages]));
  const { "model.safetensors": model } = MODELS;
  await context.run(`lmu-wasm compile "${model}" -o model.wasm`);
  return context;
}

/** @returns what the consumer's scenarios gave, and how long each part took */
async function consume(consumer, tarball) {
  if (consumer.needsModernNode && !modernNode) {
    throw new Error("wants Node 22 or newer, found none: see test/runtimes");
  }
  const times = [performance.now()];
  const context = await prepare(consumer, tarball);
  times.push(performance.now());
  await consumer.build?.(context);
  times.push(performance.now());
  const result = await consumer.run(context);
  times.push(performance.now());
  const seconds = times.slice(1).map((time, i) => ((time - times[i]) / 1000).toFixed(1));
  return { ...result, seconds };
}

/** Outputs by scenario, those of several places flattened: { edge: { keras } } is "edge keras". */
function flat(outputs, prefix = "") {
  return Object.entries(outputs).flatMap(([name, value]) =>
    Array.isArray(value) ? [[prefix + name, value]] : flat(value, `${prefix}${name} `),
  );
}

/** @throws Error unless every scenario gave the numbers that plain Node gives for the same model */
function compare(outputs, expected) {
  for (const [scenario, numbers] of flat(outputs)) {
    const want = JSON.stringify(scenario.endsWith("keras") ? expected.keras : expected.native);
    const got = JSON.stringify(numbers);
    if (got !== want) throw new Error(`${scenario} gives ${got}, expected ${want}`);
  }
  return flat(outputs).map(([scenario]) => scenario);
}

function describe({ name }, scenarios, { seconds, sizes = {} }) {
  const [install, build, running] = seconds;
  const bytes = Object.entries(sizes).filter(([, size]) => size > 0);
  return [
    name.padEnd(15),
    `install ${install} s, build ${build} s, run ${running} s`.padEnd(45),
    scenarios.join(", "),
    bytes.length ? `brotli: ${bytes.map(([part, size]) => `${part} ${size}`).join(", ")}` : "",
  ]
    .join("  ")
    .trimEnd();
}

const unknown = wanted.filter((name) => !consumers.some((one) => one.name.startsWith(name)));
if (unknown.length) throw new TypeError(`there is no consumer named ${unknown.join(", ")}`);
const tarball = options.tarball ? resolve(options.tarball) : pack(root);
let expected;
const failed = [];
const chosen = consumers.filter(
  ({ name }, i) => i === 0 || !wanted.length || wanted.some((prefix) => name.startsWith(prefix)),
);
for (const consumer of chosen) {
  try {
    const result = await consume(consumer, tarball);
    expected ??= result.outputs;
    console.log(describe(consumer, compare(result.outputs, expected), result));
  } catch (error) {
    failed.push(consumer.name);
    console.log(`${consumer.name.padEnd(15)}  FAILED: ${error.message}`);
    if (!expected) break;
  } finally {
    // Half a gigabyte each is too much to pile up.
    if (!options.keep)
      rmSync(join(root, consumer.name.replaceAll(" ", "-")), { recursive: true, force: true });
  }
}
await (await launched)?.close();
console.log(`consumers: ${chosen.length - failed.length} passed, ${failed.length} failed`);
process.exit(failed.length ? 1 : 0);
