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
import { nameClass, typeOf } from "../errors.js";
import type { LoadOptions } from "../model/load-options.js";
import { checkLoadOptions } from "../model/load-options.js";
import type { Source, SourceFiles } from "../source/source.js";
import { Channel } from "./channel.js";
import { WorkerModel } from "./model.js";
import { portOf, startWorker } from "./port.js";
import type { ModelFacts } from "./protocol.js";
import { sendable } from "./sendable.js";

export { LmuError, type LmuErrorCode } from "../errors.js";
export type { WorkerModel, WorkerRunOptions } from "./model.js";
export type { StepOptions } from "../model/step-options.js";
export type { WorkerPool } from "./pool.js";
export type { WorkerStream } from "./stream.js";

/** Options of {@link load}. */
export interface WorkerLoadOptions extends LoadOptions {
  /** The worker to load into; without it the model gets one of its own, which ends with the model. */
  worker?: LmuWorker;
}

/**
 * A thread that holds models. Start as many as there is work for: calls of all models in one worker are done one after
 * another, in the order in which they are made; files load beside them.
 */
export class LmuWorker {
  readonly #channel: Channel;

  static {
    nameClass(this, "LmuWorker");
  }

  /**
   * Starts a thread, or takes one over. In Node it keeps the process alive only while a call is waited for.
   *
   * @param worker - a Worker (of the web, or of node:worker_threads) that runs `lmu-wasm/worker/host.js`, for pages whose
   *   policy or bundler asks for it; without it one is started
   * @throws TypeError if worker is of another kind
   */
  constructor(worker: object = startWorker()) {
    this.#channel = new Channel(portOf(worker as Worker));
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
    return loadInto(this.#channel, source, options, false);
  }

  /** Ends the thread and everything in it. Idempotent; calls under way, and later ones, reject with LmuError worker-failed. */
  terminate(): void {
    this.#channel.terminate();
  }
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
  checkLoadOptions(options, "worker");
  const { worker, ...rest } = options;
  if (worker !== undefined) {
    if (worker instanceof LmuWorker) return worker.load(source, rest);
    throw new TypeError(
      `Cannot load the model: worker is ${typeOf(worker)}, expected an LmuWorker`,
    );
  }
  const channel = new Channel(portOf(startWorker()));
  try {
    return await loadInto(channel, source, rest, true);
  } catch (error) {
    channel.terminate();
    throw error;
  }
}

async function loadInto(
  channel: Channel,
  source: Source | SourceFiles,
  all: LoadOptions,
  ownsWorker: boolean,
): Promise<WorkerModel> {
  checkLoadOptions(all);
  // Threads of this package import it by themselves.
  const { signal, onProgress, full: _full, ...options } = all;
  const sent = await sendable(source, { signal, onProgress, maxBytes: options.maxBytes });
  const request = { call: "load", source: sent.source, options } as const;
  const facts = await channel.ask<ModelFacts>(request, {
    signal,
    onProgress: sent.isRead ? undefined : onProgress,
    transfer: sent.transfer,
  });
  return new WorkerModel(channel, facts, ownsWorker);
}
