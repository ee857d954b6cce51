import { cpus } from "node:os";
import { load } from "../../index.js";
import { input } from "../input.js";
import { type FileOptions, readOptions } from "../options.js";
import { print, printJson } from "../text.js";
import { coldStart } from "./cold.js";
import { describe, describeChanges } from "./describe.js";
import { measure } from "./measure.js";
import { readResult } from "./read-result.js";
import type { Result } from "./result.js";
import { changes } from "./significance.js";
import { ROUNDS } from "./stopwatch.js";

/** What the command is told. */
export interface BenchOptions extends FileOptions {
  readonly json: boolean;
  /** Samples that come in a second. */
  readonly rate?: number;
  /** Time for every figure. */
  readonly seconds: number;
  /** Path of what `--json` printed earlier. */
  readonly compare?: string;
}

/**
 * Measures a model on this machine. The exit code is 1 when something is slower than in the file it is compared with.
 *
 * @throws what `load` throws; RangeError if there is a rate for a model that cannot stream
 */
export async function bench(path: string, options: BenchOptions): Promise<void> {
  const then = options.compare === undefined ? undefined : await readResult(options.compare);
  const now = await benched(path, options);
  const found = then && changes(now, then);
  if (options.json) printJson(found ? { ...now, changes: found } : now);
  else print([...describe(now), ...(found ? ["", ...describeChanges(found, now, then)] : [])]);
  if (found?.some(({ verdict }) => verdict === "slower")) process.exitCode = 1;
}

async function benched(path: string, options: BenchOptions): Promise<Result> {
  const loadOptions = await readOptions(options);
  const source = await input(path);
  say("start");
  const model = await load(source, loadOptions);
  const { seconds, rate } = options;
  const measured = await measure(model, { seconds, rate, onRound });
  say("fresh processes");
  const cold =
    typeof source === "string" ? await coldStart(source, loadOptions, model.report()) : undefined;
  say("");
  return { model: path, machine: machine(), ...measured, cold };
}

const onRound = (round: number) => say(`round ${round + 1} of ${ROUNDS}`);

function machine(): string {
  const { node = "?", v8, bun, deno } = process.versions;
  const engine = bun ? `Bun ${bun}` : deno ? `Deno ${deno}` : `Node ${node} (V8 ${v8 ?? "?"})`;
  const { length, 0: cpu } = cpus();
  const cores = `${length} cores, ${cpu?.model.trim() ?? "unknown processor"}`;
  return `${cores}, ${engine}, ${process.platform} ${process.arch}`;
}

/** Tells a terminal what is going on, in a line that the next one takes the place of. */
function say(what: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${what}`);
}
