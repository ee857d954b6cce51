import { LmuError, type LmuErrorCode } from "../errors.js";
import type { GenerationOptions, Token } from "../language/language.js";
import type { Bytes, Floats, Numbers } from "../model/ports.js";
import type { LoadOptions } from "../model/load-options.js";
import type { SaveOptions, SnapshotDType } from "../model/snapshot.js";
import type { Report } from "../model/report.js";
import type { PrefillOptions } from "../model/prefill-options.js";
import type { StepOptions } from "../model/step-options.js";
import type { Progress } from "../source/source.js";

/*
 * Messages between a page and its worker. Every request has a number; its answer bears the same.
 */

/** What can be asked of a worker. Models and streams go by handles, numbers that the worker gave. */
export type Request =
  | { readonly call: "hello" }
  | {
      readonly call: "load" | "loadLanguage";
      readonly source: SentSource;
      readonly options: SentOptions;
    }
  | { readonly call: "report"; readonly model: number }
  | ({ readonly call: "run"; readonly model: number; readonly batch: number } & Arguments)
  | { readonly call: "stream"; readonly model: number }
  | ({ readonly call: "restore"; readonly model: number } & Saved)
  | ({ readonly call: "advance"; readonly model: number } & Arguments & Saved)
  | ({ readonly call: StreamCall; readonly stream: number } & Arguments & Saved)
  | { readonly call: "fork"; readonly stream: number }
  | ({ readonly call: "recall"; readonly stream: number } & RecallArguments)
  | { readonly call: "pool"; readonly model: number; readonly capacity: number }
  | PoolRequest
  | LanguageRequest
  | GenerationRequest
  | { readonly call: "closeModel"; readonly model: number };

/** What can be asked of a pool. */
export interface PoolCall {
  readonly call: `pool${"Open" | "Tick" | "Position" | "Save" | "Restore" | "Fork" | "Reset" | "Close" | "Dispose"}`;
  /** Of the stream it is about. */
  readonly id?: number | undefined;
  readonly dtype?: SnapshotDType | undefined;
  readonly snapshot?: Uint8Array | ArrayBuffer | undefined;
}

/** A call of a pool, and the samples given before: [ids][input width], those of a stream in their order. */
export interface PoolRequest extends PoolCall {
  readonly pool: number;
  readonly ids: Float64Array;
  readonly samples: Float64Array;
}

/** Streams of a pool, and their newest outputs, [ids][output width]. */
export interface PoolAnswer {
  readonly ids: Float64Array;
  readonly output: Floats;
}

/** What can be asked of a language model, and the arguments as they come: the worker checks them. */
export interface LanguageRequest {
  readonly call: "encode" | "decode" | "logits" | "perplexity" | "generation" | "restoreText";
  readonly model: number;
  readonly prompt?: unknown;
  readonly options?: object | undefined;
  readonly snapshot?: Uint8Array | undefined;
}

/** What can be asked of a text on its way. */
export interface GenerationRequest {
  readonly call: "next" | "saveText" | "rewind" | "forkText" | "closeText";
  readonly text: number;
  readonly options?: GenerationOptions | undefined;
  readonly snapshot?: Uint8Array | undefined;
}

/** How far a text is, and what was asked for. */
export interface GenerationFacts {
  readonly count: number;
  readonly ended: "stop" | "length" | undefined;
  readonly position: number;
  /** One that has been opened. */
  readonly text?: number;
  readonly token?: Token | undefined;
  readonly snapshot?: Uint8Array;
}

/** What can be asked of a stream. */
export type StreamCall =
  "step" | "push" | "last" | "end" | "reset" | "save" | "goOn" | "closeStream";

/** Arguments of calls that take snapshots or give them. */
interface Saved {
  readonly snapshot?: Bytes | undefined;
  readonly options?: SaveOptions | undefined;
}

/** Arguments of calls that take samples or give outputs. */
interface Arguments {
  readonly input?: Numbers | number | undefined;
  /** Length of the array that the caller wants filled, if he has one: it stays on his side. */
  readonly outputLength?: number | undefined;
  /** Of a step, or of a chunk. */
  readonly options?: (StepOptions & PrefillOptions) | undefined;
}

/** What a stream is asked of its past, and the arguments as they come: the worker checks them. */
interface RecallArguments extends Pick<Arguments, "outputLength"> {
  readonly method: "window" | "memory" | "hidden" | "mean" | "slope" | "energy";
  readonly layer: string | number;
  readonly options: object;
}

/** What a call does, for messages: the words of the main entry. */
export const ACTIONS: Readonly<Record<Request["call"] | "poolPush" | "poolOutput", string>> = {
  hello: "greet the worker",
  load: "load the model",
  report: "report on the model",
  run: "run the model",
  stream: "open a stream",
  step: "step the stream",
  push: "push into the stream",
  last: "push into the stream",
  end: "end the stream",
  reset: "reset the stream",
  recall: "look back",
  save: "save the stream",
  goOn: "load the snapshot",
  fork: "fork the stream",
  restore: "restore a stream",
  advance: "push into the stream",
  closeStream: "close the stream",
  pool: "open a pool",
  poolOpen: "open a stream of the pool",
  poolPush: "push into the pool",
  poolTick: "tick the pool",
  poolOutput: "read an output of the pool",
  poolPosition: "read a position of the pool",
  poolSave: "save a stream of the pool",
  poolRestore: "restore a stream of the pool",
  poolFork: "fork a stream of the pool",
  poolReset: "reset a stream of the pool",
  poolClose: "close a stream of the pool",
  poolDispose: "dispose of the pool",
  loadLanguage: "load the language model",
  encode: "encode the text",
  decode: "decode ids",
  logits: "compute logits",
  perplexity: "measure",
  generation: "generate",
  restoreText: "restore the text",
  next: "choose a token",
  saveText: "save the text",
  rewind: "restore the text",
  forkText: "fork",
  closeText: "close the text",
  closeModel: "close the model",
};

/** A source that can be sent: a path or URL as text, bytes, or several of them by name. */
export type SentSource = string | Blob | Uint8Array | { readonly [name: string]: SentSource };

/** Options of load that can be sent. */
export type SentOptions = Pick<
  LoadOptions,
  "config" | "layers" | "maxBytes" | "wasm" | "prefill" | "weights"
>;

/** From the page: a request, or word that nobody waits for one any more. */
export type ToWorker =
  | { readonly id: number; readonly request: Request }
  | { readonly id: number; readonly aborted: true };

/** From the worker. */
export type FromWorker =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: SentError }
  | { readonly id: number; readonly progress: Progress };

/** What a page must know of a model without asking. */
export interface ModelFacts {
  readonly model: number;
  readonly report: Report;
}

/** What a stream gives back: outputs or a snapshot, and how far it is. */
export interface StreamAnswer {
  readonly output?: Floats | undefined;
  readonly snapshot?: Bytes;
  readonly position: number;
  /** Of calls whose answer is a number. */
  readonly value?: number;
}

/** A stream that has been opened. */
export interface StreamFacts {
  readonly stream: number;
  readonly position: number;
}

/** An error on its way. */
export interface SentError {
  readonly kind: "LmuError" | "TypeError" | "RangeError" | "Error";
  readonly code: LmuErrorCode | undefined;
  readonly message: string;
  readonly stack: string | undefined;
}

export function sendError(error: unknown): SentError {
  const kind =
    error instanceof LmuError
      ? "LmuError"
      : error instanceof TypeError
        ? "TypeError"
        : error instanceof RangeError
          ? "RangeError"
          : "Error";
  return {
    kind,
    code: error instanceof LmuError ? error.code : undefined,
    message: error instanceof Error ? error.message : String(error),
    stack: error instanceof Error ? error.stack : undefined,
  };
}

/** The error as it was thrown: same class, same code. */
export function receiveError({ kind, code, message, stack }: SentError): Error {
  const [text, ...lines] = message.split("\n") as [string, ...string[]];
  const error =
    kind === "LmuError"
      ? new LmuError(code!, text, { lines })
      : new { TypeError, RangeError, Error }[kind](message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
