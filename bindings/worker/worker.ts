/**
 * The same interface in a worker: loading and running off the main thread, every method a promise.
 *
 * @example
 * ```ts
 * import { load } from "lmu-wasm/worker";
 *
 * const model = await load("models/mackey-glass.safetensors"); // a worker of its own
 * const outputs = await model.run([0.1, 0.2, 0.3]);
 * console.log(outputs.length); // 3
 * model.dispose(); // ends the worker
 * ```
 *
 * @module lmu-wasm/worker
 */
import { LmuError } from "../errors.js";
import type { LoadOptions } from "../model/load.js";
import type { Source, SourceFiles } from "../source/source.js";
import { WorkerModel } from "./model.js";
import { type Port, portOf, startWorker } from "./port.js";
import {
  type FromWorker,
  type ModelFacts,
  receiveError,
  type Request,
  type ToWorker,
} from "./protocol.js";
import { sendable } from "./sendable.js";

export { LmuError, type LmuErrorCode } from "../errors.js";
export type { WorkerModel, WorkerRunOptions } from "./model.js";
export type { WorkerStream } from "./stream.js";

/** Options of {@link load}. */
export interface WorkerLoadOptions extends LoadOptions {
  /** The worker to load into; without it the model gets one of its own, which ends with the model. */
  worker?: LmuWorker;
}

/** Seconds that a thread may take to start and answer. */
const PATIENCE = 30;

/**
 * A thread that holds models. Start as many as there is work for: calls of all models in one worker are done one after
 * another, in the order in which they are made; files load beside them.
 */
export class LmuWorker {
  /** @internal Entries are minified, and hosts print the name. */
  static readonly name = "LmuWorker";
  readonly #port: Port<ToWorker, FromWorker>;
  readonly #waiting = new Map<number, Waiting>();
  #ids = 0;
  #isGreeted = false;
  #failure: LmuError | undefined;

  /**
   * Starts a thread, or takes one over. In Node it keeps the process alive only while a call is waited for.
   *
   * @param worker - a Worker (of the web, or of node:worker_threads) that runs `lmu-wasm/worker/host.js`, for pages whose
   *   policy or bundler asks for it; without it one is started
   * @throws TypeError if worker is of another kind
   */
  constructor(worker: object = startWorker()) {
    this.#port = portOf(worker as Worker);
    this.#port.listen(
      (message) => this.#receive(message),
      (failure) => this.#fail(failure),
    );
  }

  /**
   * Loads a model into this worker.
   *
   * @param source - as for {@link load}
   * @param options - as for `load` of the main entry; its `signal` and `onProgress` work across threads
   * @returns the model, whose disposal leaves the worker running
   * @throws what {@link load} throws
   */
  async load(source: Source | SourceFiles, options: LoadOptions = {}): Promise<WorkerModel> {
    return loadInto(this, source, options, false);
  }

  /** Ends the thread and everything in it. Idempotent; calls under way, and later ones, reject with LmuError worker-failed. */
  terminate(): void {
    this.#port.close();
    this.#fail("it has been terminated");
  }

  /** @internal */
  ask<T>(request: Request, { transfer = [], signal, onProgress }: AskOptions = {}): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#failure) throw this.#failure;
      signal?.throwIfAborted();
      this.#greet();
      const id = ++this.#ids;
      const abort = () => {
        this.#settle(id);
        this.#port.post({ id, aborted: true }, []);
        reject(signal!.reason as Error);
      };
      signal?.addEventListener("abort", abort, { once: true });
      const done = () => signal?.removeEventListener("abort", abort);
      this.#waiting.set(id, { resolve: resolve as Waiting["resolve"], reject, done, onProgress });
      this.#port.hold(true);
      this.#port.post({ id, request }, transfer);
    });
  }

  /** Fails if the thread does not answer in time: a script that runs something else would keep everybody waiting. */
  #greet(): void {
    if (this.#isGreeted) return;
    this.#isGreeted = true;
    const silence = `it is silent for ${PATIENCE} s, expected it to run lmu-wasm/worker/host.js`;
    const timer = setTimeout(() => this.#fail(silence), PATIENCE * 1000);
    const stop = () => clearTimeout(timer);
    this.ask({ call: "hello" }).then(stop, stop);
  }

  /** Nobody waits for this answer any more. */
  #settle(id: number): void {
    this.#waiting.get(id)?.done();
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#port.hold(false);
  }

  #receive(message: FromWorker): void {
    const waiting = this.#waiting.get(message.id);
    if (!waiting) return;
    if ("progress" in message) return waiting.onProgress?.(message.progress);
    this.#settle(message.id);
    if ("error" in message) waiting.reject(receiveError(message.error));
    else waiting.resolve(message.value);
  }

  #fail(failure: unknown): void {
    const reason = failure instanceof Error ? failure.message : String(failure);
    this.#failure ??= new LmuError("worker-failed", `Cannot use the worker: ${reason}`, {
      cause: failure,
    });
    for (const [id, { reject }] of this.#waiting) {
      this.#settle(id);
      reject(this.#failure);
    }
  }
}

interface Waiting {
  resolve(value: unknown): void;
  reject(reason: unknown): void;
  done(): void;
  onProgress: LoadOptions["onProgress"];
}

/** @internal */
export interface AskOptions {
  readonly transfer?: readonly ArrayBuffer[];
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: LoadOptions["onProgress"];
}

/**
 * Loads a model in a worker.
 *
 * @param source - as for `load` of the main entry; streams, requests and responses are read here and their bytes handed
 *   over
 * @param options - as for `load` of the main entry, and the worker to load into
 * @returns the model; disposing it ends its worker, unless options.worker named one
 * @throws what `load` of the main entry throws, with class and code; LmuError worker-failed
 */
export async function load(
  source: Source | SourceFiles,
  options: WorkerLoadOptions = {},
): Promise<WorkerModel> {
  const { worker, ...rest } = options;
  if (worker) return worker.load(source, rest);
  const own = new LmuWorker();
  try {
    return await loadInto(own, source, rest, true);
  } catch (error) {
    own.terminate();
    throw error;
  }
}

async function loadInto(
  worker: LmuWorker,
  source: Source | SourceFiles,
  { signal, onProgress, ...options }: LoadOptions,
  ownsWorker: boolean,
): Promise<WorkerModel> {
  const sent = await sendable(source, { signal, onProgress, maxBytes: options.maxBytes });
  const request = { call: "load", source: sent.source, options } as const;
  const facts = await worker.ask<ModelFacts>(request, {
    signal,
    onProgress: sent.isRead ? undefined : onProgress,
    transfer: sent.transfer,
  });
  return new WorkerModel(worker, facts, ownsWorker);
}
