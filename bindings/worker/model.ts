import { DISPOSE } from "../dispose.js";
import { LmuError } from "../errors.js";
import type { RunOptions } from "../model/model.js";
import type { Samples } from "../model/ports.js";
import type { Report } from "../model/report.js";
import { ACTIONS, type ModelFacts, type Request } from "./protocol.js";
import { WorkerStream } from "./stream.js";
import type { AskOptions, LmuWorker } from "./worker.js";

/** Options of {@link WorkerModel.run}. */
export interface WorkerRunOptions extends Pick<RunOptions, "batch"> {
  /** Rejects the run at once with its reason, as it is; the worker stops at its next pause, some 10 ms later. */
  signal?: AbortSignal | undefined;
  /**
   * Gives the input's whole buffer to the worker instead of copying it: the caller's array is empty afterwards. Plain
   * arrays are copied all the same. @defaultValue false
   */
  transfer?: boolean;
}

/**
 * A model in a worker: {@link lmu-wasm!Model | Model} with promises. Made by `load` or {@link LmuWorker.load}.
 *
 * Every call rejects with LmuError disposed after disposal, and with worker-failed when the worker has ended.
 */
export class WorkerModel {
  /** @internal Entries are minified, and hosts print the name. */
  static readonly name = "WorkerModel";
  readonly #worker: LmuWorker;
  readonly #handle: number;
  readonly #report: Report;
  readonly #ownsWorker: boolean;
  #isDisposed = false;

  /** @internal */
  constructor(worker: LmuWorker, { model, report }: ModelFacts, ownsWorker: boolean) {
    this.#worker = worker;
    this.#handle = model;
    this.#report = report;
    this.#ownsWorker = ownsWorker;
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
    return this.#ask({ call: "report", model: this.#handle });
  }

  /**
   * Runs whole sequences, as {@link lmu-wasm!Model.run | run} of the main entry. The input is copied to the worker unless
   * transferred; the outputs come without a copy.
   *
   * @param input - f32[batch, steps, inputSize], row by row; token models: ids[batch, steps]
   * @param options - batch size, abort, transfer
   * @returns a new array, of the shape that run of the main entry returns
   * @throws what run of the main entry throws; the reason of options.signal, unchanged; LmuError worker-failed
   */
  async run(input: Samples, options: WorkerRunOptions = {}): Promise<Float32Array> {
    const { signal, transfer, ...rest } = options;
    const buffers = transfer && ArrayBuffer.isView(input) ? [input.buffer as ArrayBuffer] : [];
    const request = { call: "run", model: this.#handle, input, options: rest } as const;
    return this.#ask(request, { signal, transfer: buffers });
  }

  /**
   * Opens a stream: one live signal from the zero state.
   *
   * @throws LmuError not-streamable if the model needs its whole sequence at once; disposed; model-too-large; worker-failed
   */
  async stream(): Promise<WorkerStream> {
    const handle = await this.#ask<number>({ call: "stream", model: this.#handle });
    return new WorkerStream((request) => this.#ask(request), handle);
  }

  /**
   * Gives the model's memory back: after the calls made before, in a worker it shares; at once, with the worker and the
   * calls under way (LmuError worker-failed), if it has one of its own. Idempotent.
   */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    if (this.#ownsWorker) this.#worker.terminate();
    else {
      const request = { call: "closeModel", model: this.#handle } as const;
      this.#worker.ask(request).catch(() => undefined);
    }
  }

  /** {@link WorkerModel.dispose}, for `using`. */
  [DISPOSE](): void {
    this.dispose();
  }

  #ask<T>(request: Request, options?: AskOptions): Promise<T> {
    if (this.#isDisposed) {
      const message = `Cannot ${ACTIONS[request.call]}: the model is disposed`;
      return Promise.reject(new LmuError("disposed", message));
    }
    return this.#worker.ask(request, options);
  }
}
