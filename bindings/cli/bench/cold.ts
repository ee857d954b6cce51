import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { LoadOptions, Report } from "../../index.js";
import type { Cold } from "./result.js";

const PROCESSES = 9;

/** The library as it stands beside the command. */
const ENTRY = new URL("../index.js", import.meta.url).href;

/** What each process runs; its arguments are JSON. */
const SCRIPT = `
const [entry, source, options, input, canStream] = JSON.parse(process.argv.at(-1));
const { readFileSync } = await import("node:fs");
// On Linux what resourceUsage tells begins with the size of the parent.
const peak = () => {
  try {
    return 1024 * Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]);
  } catch {
    return 1024 * process.resourceUsage().maxRSS;
  }
};
const processBytes = peak();
const start = performance.now();
const { load } = await import(entry);
const imported = performance.now();
const model = await load(source, options);
const loaded = performance.now();
if (canStream) model.stream().step(input);
else model.run(input);
const end = performance.now();
const times = [end - start, imported - start, loaded - imported, end - loaded];
console.log(JSON.stringify([...times, peak(), processBytes]));
`;

/**
 * Starts fresh processes one after another; the first is not counted, so that files are in the system's cache.
 *
 * @param source - path or URL, as for `load`
 */
export async function coldStart(
  source: string,
  { signal: _, onProgress: __, ...options }: LoadOptions,
  { inputSize, steps, notStreamable }: Report,
): Promise<Cold> {
  const canStream = notStreamable === undefined;
  const input = new Array<number>(inputSize * (canStream ? 1 : (steps ?? 64))).fill(0);
  const words = JSON.stringify([ENTRY, source, options, input, canStream]);
  const runs: number[][] = [];
  for (let i = 0; i <= PROCESSES; i++) {
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...["--input-type=module", "-e", SCRIPT, "--", words],
    ]);
    if (i > 0) runs.push(JSON.parse(stdout) as number[]);
  }
  // One process as a whole, for parts of several do not add up.
  runs.sort(([a], [b]) => a! - b!);
  const [firstOutput, importing, loading, running, peakBytes, processBytes] = runs[
    PROCESSES >> 1
  ] as [number, number, number, number, number, number];
  return {
    ...{ processes: PROCESSES, firstOutput, importing, loading, running },
    ...{ peakBytes, processBytes },
  };
}
