import { DISPOSE } from "../dispose.js";
import { LmuError } from "../errors.js";
import type { RunOptions } from "../model.js";
import type { Samples } from "../ports.js";
import type { Report } from "../report.js";
import type { ModelFacts, Request } from "./protocol.js";
import { WorkerStream } from "./stream.js";
import type { AskOptions, LmuWorker } from "./worker.js";

/** Options of {@link WorkerModel.run}. */
export interface WorkerRunOptions extends Pick<RunOptions, "batch"> {
  /** Aborts the run; its reason is thrown as it is. */
  signal?: AbortSignal | undefined;
  /** Gives the input's buffer to the worker instead of copying it: the caller's array is empty afterwards. */
  transfer?: boolean;
}

/** A model in a worker. Made by {@link load} or {@link LmuWorker.load}. */
export class WorkerModel {
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

  /** Features of one input step; 1 for token models. */
  get inputSize(): number {
    return this.#report.inputSize;
  }

  /** Features of one output row. */
  get outputSize(): number {
    return this.#report.outputSize;
  }

  /** Whether there is an output per step, or one for the whole sequence. */
  get returnsSequence(): boolean {
    return this.#report.returnsSequence;
  }

  /** Number of token ids of a model that reads tokens. */
  get vocabulary(): number | undefined {
    return this.#report.vocabulary;
  }

  /** Input steps by which the outputs of a stream lag behind. */
  get lookAhead(): number {
    return this.#report.lookAhead;
  }

  /** What the model is made of and what it costs now. */
  async report(): Promise<Report> {
    return this.#ask({ call: "report", model: this.#handle });
  }

  /** As {@link Model.run}; the outputs are not copied on their way. */
  async run(input: Samples, options: WorkerRunOptions = {}): Promise<Float32Array> {
    const { signal, transfer, ...rest } = options;
    const buffers = transfer && ArrayBuffer.isView(input) ? [input.buffer as ArrayBuffer] : [];
    const request = { call: "run", model: this.#handle, input, options: rest } as const;
    return this.#ask(request, { signal, transfer: buffers });
  }

  /** As {@link Model.stream}. */
  async stream(): Promise<WorkerStream> {
    const handle = await this.#ask<number>({ call: "stream", model: this.#handle });
    return new WorkerStream((request) => this.#ask(request), handle);
  }

  /** Gives the model's memory back, and ends its worker if it has one of its own. Idempotent. */
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
      const message = `Cannot ${request.call}: the model is disposed`;
      return Promise.reject(new LmuError("disposed", message));
    }
    return this.#worker.ask(request, options);
  }
}
