import type { Report } from "../../index.js";
import type { Subject, Timing } from "./stopwatch.js";
import type { WarmUp } from "./warm-up.js";

/** What is timed, and how long it took. */
export interface Figure extends Omit<Subject, "run">, Timing {}

/** How a fresh process or page starts, in ms and bytes: the process in the middle of all. */
export interface Cold {
  readonly processes: number;
  /** From before the import of the library to the first output. */
  readonly firstOutput: number;
  /** Of that, the import, the load and the first step (or sequence, if the model cannot stream). */
  readonly importing: number;
  readonly loading: number;
  readonly running: number;
  /** Most memory that the process had; before the import it had `processBytes`. Pages do not tell. */
  readonly peakBytes?: number;
  readonly processBytes?: number;
}

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
  /** Undefined if the model came through a pipe, or a page has measured another before. */
  readonly cold: Cold | undefined;
  /** Undefined if the model cannot stream. */
  readonly warmUp: WarmUp | undefined;
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
