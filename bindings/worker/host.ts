/*
 * The worker's side: models and streams by handle, one request after another, but for loads.
 */
import { load } from "../index.js";
import type { Model } from "../model/model.js";
import type { Floats, Samples } from "../model/ports.js";
import type { Stream } from "../model/stream.js";
import { pauses } from "../pauses.js";
import type { Progress } from "../source/source.js";
import { HostLanguage } from "./host-language.js";
import { HostPool } from "./host-pool.js";
import { parentPort } from "./port.js";
import {
  type FromWorker,
  type ModelFacts,
  type PoolRequest,
  type Request,
  sendError,
  type StreamAnswer,
  type StreamCall,
  type StreamFacts,
  type ToWorker,
} from "./protocol.js";

const port = parentPort<FromWorker, ToWorker>();
const models = new Map<number, Model>();
const pools = new Map<number, { readonly model: number; readonly pool: HostPool }>();
const streams = new Map<number, { readonly model: number; readonly stream: Stream }>();
/** Requests under way, to be aborted. */
const running = new Map<number, AbortController>();
/** Ends when everything asked before has been done: calls of one model must not mix. */
let turn: Promise<unknown> = Promise.resolve();
let handles = 0;
const languages = new HostLanguage(() => ++handles);

port.listen(
  (message) => {
    if ("aborted" in message) return running.get(message.id)?.abort();
    const controller = new AbortController();
    running.set(message.id, controller);
    const start = () => answer(message.id, message.request, controller.signal);
    // Files load beside other work; everything else waits for its turn.
    if (["hello", "load", "loadLanguage"].includes(message.request.call)) void start();
    else turn = turn.then(start);
  },
  // Nobody knows whose message was lost: all who wait hear that the worker has failed.
  (failure) => {
    throw failure;
  },
);

async function answer(id: number, request: Request, signal: AbortSignal): Promise<void> {
  try {
    signal.throwIfAborted();
    const value = await perform(id, request, signal);
    port.post({ id, value }, buffersOf(value));
  } catch (error) {
    // Whoever aborted has his own reason, and hears only that nothing was done.
    port.post({ id, error: sendError(error) }, []);
  } finally {
    running.delete(id);
  }
}

async function perform(id: number, request: Request, signal: AbortSignal): Promise<unknown> {
  const onProgress = (progress: Progress) => port.post({ id, progress }, []);
  switch (request.call) {
    case "hello":
      return undefined;
    case "load": {
      const options = { ...request.options, signal, onProgress };
      const model = await load(request.source as Parameters<typeof load>[0], options);
      return keep(++handles, model);
    }
    case "loadLanguage": {
      const options = { ...request.options, signal, onProgress };
      const [handle, { model }] = await languages.load(request.source, options);
      return keep(handle, model);
    }
    case "report":
      return models.get(request.model)!.report();
    case "run": {
      const { batch, input } = request;
      const options = { ...request.options, batch, output: outputOf(request) };
      return models.get(request.model)!.runInSlices(input as Samples, options, pauses(signal));
    }
    case "stream":
      return openStream(request.model, models.get(request.model)!.stream());
    case "restore":
      return openStream(request.model, models.get(request.model)!.restore(request.snapshot!));
    case "fork": {
      const { model, stream } = streams.get(request.stream)!;
      return openStream(model, stream.fork());
    }
    case "advance": {
      const { snapshot, input, options } = request;
      return models.get(request.model)!.advance(snapshot, input as Samples, options);
    }
    case "pool":
      return openPool(request.model, request.capacity);
    case "closeModel":
      return closeModel(request.model);
    default:
      if ("pool" in request) return performOnPool(request);
      if ("stream" in request) return performOnStream(request);
      return languages.perform(request, signal, onProgress);
  }
}

function keep(model: number, loaded: Model): ModelFacts {
  models.set(model, loaded);
  return { model, report: loaded.report() };
}

function openStream(model: number, stream: Stream): StreamFacts {
  streams.set(++handles, { model, stream });
  return { stream: handles, position: stream.position };
}

function openPool(model: number, capacity: number): number {
  const { inputSize, outputSize } = models.get(model)!;
  const pool = models.get(model)!.pool(capacity);
  pools.set(++handles, { model, pool: new HostPool(pool, inputSize, outputSize) });
  return handles;
}

function performOnPool(request: PoolRequest): unknown {
  const { pool } = pools.get(request.pool)!;
  if (request.call === "poolDispose") pools.delete(request.pool);
  return pool.perform(request);
}

/** Drops a model with its streams and pools, which may still be open. */
function closeModel(handle: number): void {
  models.get(handle)?.dispose();
  models.delete(handle);
  languages.close(handle);
  for (const open of [streams, pools]) {
    for (const [key, { model }] of open) if (model === handle) open.delete(key);
  }
}

function performOnStream(request: Extract<Request, { call: StreamCall | "recall" }>): StreamAnswer {
  const { stream } = streams.get(request.stream)!;
  const answer = (output?: Floats) => ({ output, position: stream.position });
  switch (request.call) {
    case "step":
      return answer(stream.step(request.input as Samples, outputOf(request), request.options));
    case "push":
      return answer(stream.push(request.input as Samples, outputOf(request), request.options));
    case "last":
      return answer(stream.last(request.input as Samples, outputOf(request), request.options));
    case "end":
      return answer(stream.end(outputOf(request)));
    case "reset":
      stream.reset();
      return answer();
    case "recall":
      return { ...answer(), ...recall(stream, request) };
    case "save":
      return { ...answer(), snapshot: stream.save(request.options) };
    case "goOn":
      stream.load(request.snapshot!);
      return answer();
    case "closeStream":
      streams.delete(request.stream);
      stream.dispose();
      return answer();
  }
}

function recall(stream: Stream, request: Extract<Request, { call: "recall" }>) {
  const { method, layer, options } = request;
  const output = outputOf(request);
  if (method === "hidden") return { output: stream.hidden(layer, output) };
  if (method !== "window" && method !== "memory") return { value: stream[method](layer, options) };
  return { output: stream[method](layer, { ...options, output }) };
}

/** What stands in for the caller's array, so that a wrong length is refused before anything changes. */
function outputOf({ outputLength }: { readonly outputLength?: number | undefined }) {
  return outputLength === undefined ? undefined : new Float32Array(outputLength);
}

/** Outputs and snapshots go over without a copy. */
function buffersOf(value: unknown): ArrayBuffer[] {
  const { output, snapshot } = (value ?? {}) as Partial<StreamAnswer>;
  const arrays = [value, output, snapshot].filter((one) => ArrayBuffer.isView(one));
  return arrays.map(({ buffer }) => buffer as ArrayBuffer);
}
