import { createReadStream, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { load, type LoadOptions } from "../../bindings/index.js";

/*
 * One load in a process of its own: node load.mjs PATH file|stream|abort. Prints what it took as JSON.
 */

/** Most and present memory of this process, in bytes. */
function resident(): { peak: number; now: number } {
  const status = readFileSync("/proc/self/status", "utf8");
  const field = (name: string) =>
    1024 * Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)![1]);
  return { peak: field("VmHWM"), now: field("VmRSS") };
}

/** A stream of 64 KB pieces, which knows no length. */
function streamOf(path: string): { stream: ReadableStream<Uint8Array>; file: Readable } {
  const file = createReadStream(path);
  return { stream: Readable.toWeb(file) as ReadableStream<Uint8Array>, file };
}

async function loadWhole(path: string, isStream: boolean, options: LoadOptions): Promise<object> {
  let pieces = 0;
  let loaded = 0;
  const onProgress: LoadOptions["onProgress"] = (progress) => {
    pieces++;
    loaded = progress.loaded;
  };
  const model = await load(isStream ? streamOf(path).stream : path, { ...options, onProgress });
  const { memoryBytes } = model.report();
  const { peak } = resident();
  const output = model.run(new Float32Array(model.inputSize).fill(0.01));
  if (!output.every(Number.isFinite)) throw new Error("the model gives no numbers");
  return { peak, wasm: memoryBytes, pieces, loaded };
}

/** Aborts when half of the file is there; what is left of it once everything unreachable is collected. */
async function abortHalfway(path: string, options: LoadOptions): Promise<object> {
  const { size } = statSync(path);
  const controller = new AbortController();
  const { stream, file } = streamOf(path);
  let abortedAt = 0;
  let loaded = 0;
  const reason = await load(stream, {
    ...options,
    signal: controller.signal,
    onProgress: (progress) => {
      loaded = progress.loaded;
      if (abortedAt || loaded < size / 2) return;
      abortedAt = performance.now();
      controller.abort("enough");
    },
  }).then(
    () => "loaded",
    (thrown: unknown) => thrown,
  );
  const milliseconds = performance.now() - abortedAt;
  if (reason !== "enough") throw new Error(`aborting gives ${String(reason)}`);
  await setTimeout(100);
  globalThis.gc!();
  await setTimeout(100);
  globalThis.gc!();
  const { now, peak } = resident();
  return { milliseconds, loaded, left: now, peak, isClosed: file.destroyed };
}

const [path, how] = process.argv.slice(2) as [string, string];
const optionsPath = `${path}.options.json`;
const options = existsSync(optionsPath)
  ? (JSON.parse(readFileSync(optionsPath, "utf8")) as LoadOptions)
  : {};
// From here on the peak is that of the load.
writeFileSync("/proc/self/clear_refs", "5");
const baseline = resident().now;
const start = performance.now();
const result =
  how === "abort"
    ? await abortHalfway(path, options)
    : await loadWhole(path, how === "stream", options);
const seconds = (performance.now() - start) / 1000;
console.log(JSON.stringify({ baseline, seconds, ...result }));
