import { DISPOSE } from "../dispose.js";
import { expectOptions, idInvalid } from "../errors.js";
import { printable } from "../inspect.js";
import { type Bytes, checkOutput, type Floats, readSample, type Samples } from "../model/ports.js";
import type { Report } from "../model/report.js";
import type { SaveOptions } from "../model/snapshot.js";
import type { AskOptions } from "./channel.js";
import { Lifetime } from "./lifetime.js";
import { ACTIONS, type PoolAnswer, type PoolCall, type PoolRequest } from "./protocol.js";

type Ask = <T>(request: PoolRequest, options?: AskOptions) => Promise<T>;

/**
 * Live signals that advance together, in a worker: {@link lmu-wasm!Pool | Pool} with promises. Made by {@link WorkerModel.pool}.
 *
 * A tick is one message with all samples, and one answer with the outputs of the streams that had some. Calls are done in the
 * order in which they are made; there is no need to wait for one before the next. Every call rejects with LmuError disposed
 * after disposal, and with worker-failed when the worker has ended.
 */
export class WorkerPool {
  /** Streams that can be open at a time. */
  readonly capacity: number;
  readonly #ask: Ask;
  readonly #handle: number;
  readonly #report: Report;
  readonly #lifetime: Lifetime;
  /** The newest outputs of the open streams, as of the last answer. */
  readonly #outputs = new Map<number, Float32Array>();
  /** What goes with the next message: whose samples, and all their values. */
  #ids: number[] = [];
  #samples: number[] = [];

  static {
    printable(WorkerPool, "WorkerPool", ({ size, capacity }) => ({ size, capacity }));
  }

  /** @internal */
  constructor(ask: Ask, handle: number, capacity: number, report: Report) {
    this.#ask = ask;
    this.#handle = handle;
    this.#report = report;
    this.capacity = capacity;
    this.#lifetime = new Lifetime(this, "pool", closer(ask, handle));
  }

  /** Streams that are open, as of the last answer. */
  get size(): number {
    return this.#outputs.size;
  }

  /** Opens a stream, as {@link lmu-wasm!Pool.open | open} of the main entry. Its id rejects with what that throws. */
  async open(): Promise<number> {
    return this.#opened({ call: "poolOpen" });
  }

  /**
   * Gives a stream a sample, as {@link lmu-wasm!Pool.push | push} of the main entry. Sends nothing: samples go with the next
   * call that does.
   *
   * @param id - of the stream
   * @param sample - f32[inputSize], or the number itself when inputSize is 1; copied
   * @throws what push of the main entry throws; but for a stream restored after its end the next call rejects
   */
  push(id: number, sample: Samples | number): void {
    const action = ACTIONS.poolPush;
    this.#expectOpen(action, id);
    const { inputSize, vocabulary } = this.#report;
    const copy = readSample(action, sample, vocabulary, new Float64Array(inputSize));
    this.#expectOpen(action, id);
    this.#ids.push(id);
    for (const value of copy) this.#samples.push(value);
  }

  /** Takes all samples that wait, as {@link lmu-wasm!Pool.tick | tick} of the main entry: one message for all of them. */
  async tick(): Promise<void> {
    const { ids, output } = await this.#call<PoolAnswer>({ call: "poolTick" });
    const width = this.#report.outputSize;
    ids.forEach((id, i) => {
      this.#outputs.get(id)?.set(output.subarray(i * width, (i + 1) * width));
    });
  }

  /**
   * The newest output of a stream, as of the last answer; NaN before there is one.
   *
   * @param id - of the stream
   * @param output - receives f32[outputSize]; without it a new array is returned
   * @returns output, or the new array
   * @throws what output of the main entry throws
   */
  output<Output extends Float32Array = Floats>(id: number, output?: Output): Output {
    const action = ACTIONS.poolOutput;
    const newest = this.#expectOpen(action, id);
    checkOutput(action, output, newest.length);
    output?.set(newest);
    return output ?? (newest.slice() as Output);
  }

  /** Samples a stream has taken since its beginning or the last reset; waits for the calls made before. */
  async position(id: number): Promise<number> {
    return this.#callOn("poolPosition", id);
  }

  /** A stream's past as bytes, as {@link lmu-wasm!Pool.save | save} of the main entry. */
  async save(id: number, options: SaveOptions = {}): Promise<Bytes> {
    expectOptions(ACTIONS.poolSave, options, ["dtype"]);
    return this.#callOn("poolSave", id, { dtype: options.dtype });
  }

  /** Opens a stream that goes on from a snapshot, as {@link lmu-wasm!Pool.restore | restore} of the main entry. */
  async restore(snapshot: Uint8Array | ArrayBuffer): Promise<number> {
    return this.#opened({ call: "poolRestore", snapshot });
  }

  /** Opens a stream that goes on from where another one is, as {@link lmu-wasm!Pool.fork | fork} of the main entry. */
  async fork(id: number): Promise<number> {
    this.#expectOpen(ACTIONS.poolFork, id);
    return this.#opened({ call: "poolFork", id });
  }

  /** Returns a stream to the beginning of a sequence, as {@link lmu-wasm!Pool.reset | reset} of the main entry. */
  async reset(id: number): Promise<void> {
    await this.#callOn("poolReset", id);
    this.#outputs.get(id)?.fill(NaN);
  }

  /** Closes a stream, as {@link lmu-wasm!Pool.close | close} of the main entry: its id is invalid at once. */
  async close(id: number): Promise<void> {
    const done = this.#callOn<void>("poolClose", id);
    this.#outputs.delete(id);
    return done;
  }

  /** Closes all streams and gives their memory back to the model, after the calls made before. Idempotent. */
  dispose(): void {
    this.#outputs.clear();
    this.#lifetime.end();
  }

  /** {@link WorkerPool.dispose}, for `using`. */
  [DISPOSE](): void {
    this.dispose();
  }

  /** The newest output of a stream that is open. */
  #expectOpen(action: string, id: number): Float32Array {
    this.#lifetime.expectAlive(action);
    const newest = this.#outputs.get(id);
    if (newest) return newest;
    throw idInvalid(action, id);
  }

  async #opened(call: PoolCall): Promise<number> {
    const { ids, output } = await this.#call<PoolAnswer>(call);
    const [id] = ids as unknown as [number];
    this.#outputs.set(id, output);
    return id;
  }

  async #callOn<T>(call: PoolCall["call"], id: number, more: Partial<PoolCall> = {}): Promise<T> {
    this.#expectOpen(ACTIONS[call], id);
    return this.#call<T>({ call, id, ...more });
  }

  /** Asks, and sends along what waits: so all is done in the order of the calls. */
  async #call<T>(call: PoolCall): Promise<T> {
    this.#lifetime.expectAlive(ACTIONS[call.call]);
    const ids = Float64Array.from(this.#ids);
    const samples = Float64Array.from(this.#samples);
    const request = { ...call, pool: this.#handle, ids, samples };
    this.#ids = [];
    this.#samples = [];
    return this.#ask<T>(request, { transfer: [ids.buffer, samples.buffer] });
  }
}

/** What closes a pool after the calls made before, without holding it. */
function closer(ask: Ask, pool: number): () => void {
  const none = new Float64Array(0);
  return () => {
    ask({ call: "poolDispose", pool, ids: none, samples: none }).catch(() => undefined);
  };
}
