import { readFile } from "node:fs/promises";
import { LmuError } from "../../errors.js";
import type { Report } from "../../index.js";
import type { Cold } from "./cold.js";
import type { Subject, Timing } from "./stopwatch.js";

/** What is timed, and how long it took. */
export interface Figure extends Omit<Subject, "run">, Timing {}

/** What the command found out; `--json` prints it. */
export interface Result {
  readonly model: string;
  readonly fingerprint: string;
  /** Processor, engine and system. */
  readonly machine: string;
  readonly report: Pick<
    Report,
    "parameters" | "multiplyAdds" | "stateBytes" | "stateBytesPerStep" | "memoryBytes"
  >;
  /** Steps of the sequences. */
  readonly steps: number;
  readonly figures: readonly Figure[];
  /** Undefined if the model came through a pipe. */
  readonly cold: Cold | undefined;
  /** ms until steps were as fast as later on. */
  readonly warmUp: number | undefined;
  /** Bytes of memory per stream of the pool. */
  readonly poolBytes: number | undefined;
  /** Where `--rate` was given: how many times as fast as the signal comes steps and chunks are. */
  readonly realTime: RealTime | undefined;
}

/** What a model does of a signal that comes at some rate. */
export interface RealTime {
  readonly rate: number;
  /** Signal time over computing time, step by step and in chunks. */
  readonly steps: number;
  readonly chunks: number | undefined;
  /** Share of the time between two samples that a step in a hundred takes, or more. */
  readonly p99: number;
}

/** What was printed with `--json`. @throws LmuError format-invalid */
export async function readResult(path: string): Promise<Result> {
  const text = await readFile(path, "utf8");
  try {
    const result = JSON.parse(text) as Result;
    const isResult = result.figures.every(
      ({ name, rounds }) => typeof name === "string" && rounds.length > 0 && rounds.every(isTime),
    );
    if (isResult) return result;
  } catch {
    // Said below.
  }
  throw new LmuError(
    "format-invalid",
    `Cannot compare: ${path} is something else, expected what bench --json printed`,
  );
}

const isTime = (value: unknown) => typeof value === "number" && value > 0;
