import { DISPOSE } from "../dispose.js";
import { expectInteger, expectOptions } from "../errors.js";
import { printable, sizesOf } from "../inspect.js";
import type { RunOptions } from "../model/job.js";
import type { Advance } from "../model/model.js";
import { copyBytes, expectOutput, type Floats, rowsOf, type Samples } from "../model/ports.js";
import type { Report } from "../model/report.js";
import type { SaveOptions } from "../model/snapshot.js";
import { receiveOutput, sendSamples } from "./arguments.js";
import type { AskOptions, Channel } from "./channel.js";
import { Lifetime } from "./lifetime.js";
import { ACTIONS, type ModelFacts, type Request, type StreamFacts } from "./protocol.js";
import { WorkerPool } from "./pool.js";
import { WorkerStream } from "./stream.js";

/** Options of {@link WorkerModel.run}. */
export interface WorkerRunOptions<
  Output extends Float32Array = Float32Array,
> extends RunOptions<Output> {
  /** Rejects the run at once with its reason, as it is; the worker stops at its next pause, some 10 ms later. */
  signal?: AbortSignal | undefined;
  /**
   * Gives the input's whole buffer to the worker instead of copying it: the caller's array is empty afterwards, also if
   * the run is refused. Plain arrays, shared memory and what shares the buffer of the output are copied all the same. @defaultValue false
   */
  transfer?: boolean | undefined;
}

/**
 * A model in a worker: {@link lmu-wasm!Model | Model} with promises. Made by `load` or {@link LmuWorker.load}.
 *
 * Every call rejects with LmuError disposed after disposal, and with worker-failed when the worker has ended.
 */
export class WorkerModel {
  readonly #channel: Channel;
  readonly #handle: number;
  readonly #report: Report;
  readonly #ownsWorker: boolean;
  readonly #lifetime: Lifetime;

  static {
    printable(WorkerModel, "WorkerModel", (model) => ({
      format: model.#report.format,
      ...sizesOf(model),
    }));
  }

  /** @internal */
  constructor(channel: Channel, { model, report }: ModelFacts, ownsWorker: boolean) {
    this.#channel = channel;
    this.#handle = model;
    this.#report = report;
    this.#ownsWorker = ownsWorker;
    this.#lifetime = new Lifetime(this, "model", closer(channel, model, ownsWorker));
  }

  /** Features of one input step; 1 for token models, which read one id per step. */
  get inputSize(): number {
    return this.#report.inputSize;
  }

  /** Features of one output row; every output is f32. */
  get outputSize(): number {
    return this.#report.outputSize;
  }

  /** true: rows of output along the sequence, mostly one per step. false: one row for the whole sequence. */
  get returnsSequence(): boolean {
    return this.#report.returnsSequence;
  }

  /** Number of token ids, which are 0 to vocabulary - 1; undefined unless the model reads tokens. */
  get vocabulary(): number | undefined {
    return this.#report.vocabulary;
  }

  /** Input steps by which the outputs of a stream lag behind: 0 unless a convolution is padded at its end. */
  get lookAhead(): number {
    return this.#report.lookAhead;
  }

  /**
   * What the model is made of and what it costs now.
   *
   * @throws LmuError disposed, worker-failed
   */
  async report(): Promise<Report> {
    return this.ask({ call: "report", model: this.#handle });
  }

  /**
   * Runs whole sequences, as {@link lmu-wasm!Model.run | run} of the main entry. The input is copied at once, unless
   * transferred, and may be changed while the worker runs; outputs come without a copy, or are copied to options.output.
   *
   * @param input - f32[batch, steps, inputSize], row by row; token models: ids[batch, steps]
   * @param options - batch size, output, abort, transfer
   * @returns a new array, or options.output, of the shape that run of the main entry returns
   * @throws what run of the main entry throws; the reason of options.signal, unchanged; LmuError worker-failed
   */
  async run<Output extends Float32Array = Floats>(
    input: Samples,
    options: WorkerRunOptions<Output> = {},
  ): Promise<Output> {
    const action = ACTIONS.run;
    expectOptions(action, options, ["batch", "output", "prefill", "signal", "transfer"]);
    const { batch = 1, output, prefill, signal, transfer = false } = options;
    expectInteger(action, "batch", batch, 1);
    expectOutput(action, output);
    // A buffer that holds the output, too, is still needed here.
    const isGiven = transfer && (input as Partial<Float32Array>).buffer !== output?.buffer;
    const sent = sendSamples(action, input, this.vocabulary, isGiven);
    const result = await this.ask<Floats>(
      {
        ...{ call: "run", model: this.#handle, input: sent.input },
        ...{ batch, outputLength: output?.length, options: { prefill } },
      },
      { signal, transfer: sent.transfer },
    );
    return receiveOutput(action, result, output);
  }

  /**
   * The rows of an output, as {@link lmu-wasm!Model.rows | rows} of the main entry.
   *
   * @param output - [rows, outputSize], of any method
   * @returns a new array of views, f32[outputSize] each
   * @throws TypeError, RangeError if output is of the wrong kind, or its length no multiple of outputSize
   */
  rows<Output extends Float32Array>(output: Output): Output[] {
    return rowsOf(output, this.outputSize);
  }

  /**
   * Opens a stream: one live signal from the zero state.
   *
   * @throws LmuError not-streamable if the model needs its whole sequence at once; disposed; model-too-large; worker-failed
   */
  async stream(): Promise<WorkerStream> {
    return this.#open({ call: "stream", model: this.#handle });
  }

  /**
   * Opens a stream that goes on from a snapshot, as {@link lmu-wasm!Model.restore | restore} of the main entry.
   *
   * @param snapshot - what save returned, of a worker's stream or not; copied at once
   * @throws what restore of the main entry throws; LmuError worker-failed
   */
  async restore(snapshot: Uint8Array | ArrayBuffer): Promise<WorkerStream> {
    const bytes = copyBytes(ACTIONS.restore, snapshot);
    const request = { call: "restore", model: this.#handle, snapshot: bytes } as const;
    return this.#open(request, [bytes.buffer]);
  }

  /**
   * A chunk of samples from a snapshot on, as {@link lmu-wasm!Model.advance | advance} of the main entry.
   *
   * @param snapshot - what an earlier call returned; undefined at the beginning of a sequence; copied at once
   * @param samples - f32[steps, inputSize], row by row; token models: ids[steps]; copied at once
   * @param options - how floats of the new snapshot are stored
   * @returns the outputs, and the snapshot to go on from
   * @throws what advance of the main entry throws; LmuError worker-failed
   */
  async advance(
    snapshot: Uint8Array | ArrayBuffer | undefined,
    samples: Samples,
    options?: SaveOptions,
  ): Promise<Advance> {
    const action = ACTIONS.advance;
    const bytes = snapshot && copyBytes(ACTIONS.restore, snapshot);
    const { input, transfer } = sendSamples(action, samples, this.vocabulary);
    return this.ask<Advance>(
      { call: "advance", model: this.#handle, snapshot: bytes, input, options },
      { transfer: bytes ? [...transfer, bytes.buffer] : transfer },
    );
  }

  /**
   * Opens a pool: up to so many live signals that advance together, as {@link lmu-wasm!Model.pool | pool} of the main entry.
   *
   * @param capacity - streams that can be open at a time, 1 to 1,048,576
   * @throws what pool of the main entry throws; LmuError worker-failed
   */
  async pool(capacity: number): Promise<WorkerPool> {
    const pool = await this.ask<number>({ call: "pool", model: this.#handle, capacity });
    return new WorkerPool((...request) => this.ask(...request), pool, capacity, this.#report);
  }

  /**
   * Gives the model's memory back: after the calls made before, in a worker it shares; at once, with the worker and the
   * calls under way (LmuError worker-failed), if it has one of its own. Idempotent.
   */
  dispose(): void {
    this.#lifetime.end(this.#ownsWorker ? () => this.#channel.terminate() : undefined);
  }

  /** {@link WorkerModel.dispose}, for `using`. */
  [DISPOSE](): void {
    this.dispose();
  }

  /** @internal */
  async ask<T>(request: Request, options?: AskOptions): Promise<T> {
    this.#lifetime.expectAlive(ACTIONS[request.call]);
    return this.#channel.ask(request, options);
  }

  async #open(request: Request, transfer?: readonly ArrayBuffer[]): Promise<WorkerStream> {
    const facts = await this.ask<StreamFacts>(request, { transfer: transfer ?? [] });
    return new WorkerStream((...asked) => this.ask(...asked), facts, this.#report);
  }
}

/** What closes a model after the calls made before, without holding it. */
function closer(channel: Channel, model: number, ownsWorker: boolean): () => void {
  return () => {
    const end = () => (ownsWorker ? channel.terminate() : undefined);
    channel.ask({ call: "closeModel", model }).then(end, end);
  };
}
