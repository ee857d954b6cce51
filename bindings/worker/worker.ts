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
import { WorkerLanguageModel } from "./language-model.js";
import { WorkerModel } from "./model.js";
import { portOf, startWorker } from "./port.js";
import type { ModelFacts } from "./protocol.js";
import { sendable } from "./sendable.js";

export { LmuError, type LmuErrorCode } from "../errors.js";
export type { WorkerGeneration } from "./generation.js";
export type { WorkerLanguageModel } from "./language-model.js";
export type { WorkerModel, WorkerRunOptions } from "./model.js";
export type { StepOptions } from "../model/step-options.js";
export type { WorkerPool } from "./pool.js";
export type { WorkerStream } from "./stream.js";

/** Options of {@link load}. */
export interface WorkerLoadOptions extends LoadOptions {
  /** The worker to load into; without it the model gets one of its own, which ends with the model. */
  worker?: LmuWorker;
}

/** Options of {@link loadLanguageModel}. */
export interface WorkerLanguageModelOptions extends WorkerLoadOptions {
  /** Pasts that are kept, as {@link lmu-wasm/language!LanguageModelOptions.reuse | reuse} of the language entry. */
  reuse?: number | undefined;
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

  /** @internal */
  static channelOf(worker: LmuWorker): Channel {
    return worker.#channel;
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
    return (await loadInto(this.#channel, "load", source, options, false))[0];
  }

  /**
   * Loads a language model into this worker.
   *
   * @param source - as for {@link loadLanguageModel}
   * @param options - as for {@link loadLanguageModel}, but for the worker
   * @returns the model, whose disposal leaves the worker running
   * @throws what {@link loadLanguageModel} throws
   */
  async loadLanguageModel(
    source: Source | SourceFiles,
    options: Omit<WorkerLanguageModelOptions, "worker"> = {},
  ): Promise<WorkerLanguageModel> {
    const loaded = await loadInto(this.#channel, "loadLanguage", source, options, false);
    return new WorkerLanguageModel(...loaded);
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
  return (await loadAnywhere("load", source, options))[0];
}

/**
 * Loads a language model in a worker, with the tokenizer.json beside its weights, or for bytes.
 *
 * @param source - as for {@link load}
 * @param options - as for {@link load}, and how many pasts are kept
 * @returns the model; disposing it ends its worker, unless options.worker named one
 * @throws what `LanguageModel.load` throws, with class and code; LmuError worker-failed
 */
export async function loadLanguageModel(
  source: Source | SourceFiles,
  options: WorkerLanguageModelOptions = {},
): Promise<WorkerLanguageModel> {
  return new WorkerLanguageModel(...(await loadAnywhere("loadLanguage", source, options)));
}

type Call = "load" | "loadLanguage";

/** Options beside those of `load`, which the worker checks. */
const MORE: Readonly<Record<Call, readonly string[]>> = { load: [], loadLanguage: ["reuse"] };

/** A model and its handle. */
type Loaded = [model: WorkerModel, handle: number];

/** Loads into the worker that options name, or into one of its own. */
async function loadAnywhere(
  call: Call,
  source: Source | SourceFiles,
  options: WorkerLanguageModelOptions,
): Promise<Loaded> {
  checkLoadOptions(options, "worker", ...MORE[call]);
  const { worker, ...rest } = options;
  if (worker !== undefined) {
    if (worker instanceof LmuWorker) {
      return loadInto(LmuWorker.channelOf(worker), call, source, rest, false);
    }
    throw new TypeError(
      `Cannot load the model: worker is ${typeOf(worker)}, expected an LmuWorker`,
    );
  }
  const channel = new Channel(portOf(startWorker()));
  try {
    return await loadInto(channel, call, source, rest, true);
  } catch (error) {
    channel.terminate();
    throw error;
  }
}

async function loadInto(
  channel: Channel,
  call: Call,
  source: Source | SourceFiles,
  all: LoadOptions,
  ownsWorker: boolean,
): Promise<Loaded> {
  checkLoadOptions(all, ...MORE[call]);
  // Threads of this package import it by themselves.
  const { signal, onProgress, full: _full, ...options } = all;
  const sent = await sendable(source, { signal, onProgress, maxBytes: options.maxBytes });
  const facts = await channel.ask<ModelFacts>(
    { call, source: sent.source, options },
    {
      signal,
      onProgress: sent.isRead ? undefined : onProgress,
      transfer: sent.transfer,
      // Nobody else could dispose of it.
      late: ({ model }: ModelFacts) =>
        channel.ask({ call: "closeModel", model }).catch(() => undefined),
    },
  );
  return [new WorkerModel(channel, facts, ownsWorker), facts.model];
}
