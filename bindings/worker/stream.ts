import { DISPOSE, disposeWhenForgotten, isDisposedOf } from "../dispose.js";
import { LmuError } from "../errors.js";
import { printable } from "../inspect.js";
import { Feed, type Shape } from "../model/feed.js";
import { expectOutput, type Floats, type Samples } from "../model/ports.js";
import type { Report } from "../model/report.js";
import { receiveOutput, sendSamples } from "./arguments.js";
import type { AskOptions } from "./channel.js";
import { ACTIONS, type Request, type StreamAnswer, type StreamCall } from "./protocol.js";

type Ask = (request: Request, options?: AskOptions) => Promise<StreamAnswer>;

/**
 * One live signal in a worker: {@link lmu-wasm!Stream | Stream} with promises. Made by {@link WorkerModel.stream}.
 *
 * Calls are done in the order in which they are made; there is no need to wait for one before the next. Every call rejects
 * with LmuError disposed after disposal, and with worker-failed when the worker has ended.
 */
export class WorkerStream extends Feed {
  /** @internal Entries are minified, and hosts print the name. */
  static override readonly name = "WorkerStream";
  readonly #ask: Ask;
  readonly #handle: number;
  /** @internal */
  protected readonly shape: Shape;
  #position = 0;
  #isDisposed = false;

  static {
    printable(WorkerStream, (stream) => ({ position: stream.#position }));
  }

  /** @internal */
  constructor(ask: Ask, handle: number, report: Report) {
    const { inputSize: width, vocabulary, returnsSequence, lookAhead } = report;
    super();
    this.#ask = ask;
    this.#handle = handle;
    this.shape = {
      input: { width, vocabulary },
      output: { isSingle: !returnsSequence, lookAhead },
    };
    disposeWhenForgotten(this, closer(ask, handle));
  }

  /** Samples seen since the beginning or the last reset, as of the last answer. */
  get position(): number {
    return this.#position;
  }

  /**
   * Takes one sample, as {@link lmu-wasm!Stream.step | step} of the main entry.
   *
   * @param sample - f32[inputSize], or the number itself when inputSize is 1; copied at once
   * @param output - receives f32[outputSize]; without it the output comes in a new array
   * @returns output, or the new array
   * @throws what step of the main entry throws
   */
  async step<Output extends Float32Array = Floats>(
    sample: Samples | number,
    output?: Output,
  ): Promise<Output> {
    return this.#call("step", output, sample);
  }

  /**
   * Takes a chunk of samples, as {@link lmu-wasm!Stream.push | push} of the main entry.
   *
   * @param chunk - f32[steps, inputSize], row by row; token models: ids[steps]; copied at once
   * @param output - receives the outputs, of exactly their length; without it they come in a new array
   * @returns [rows, outputSize] if the model returns sequences, else the last output, [outputSize]
   * @throws what push of the main entry throws
   */
  async push<Output extends Float32Array = Floats>(
    chunk: Samples,
    output?: Output,
  ): Promise<Output> {
    return this.#call("push", output, chunk);
  }

  /**
   * Ends the sequence, as {@link lmu-wasm!Stream.end | end} of the main entry. Then only {@link WorkerStream.reset} goes on.
   *
   * @param output - receives the outputs, of exactly their length; without it they come in a new array
   * @returns the outputs that look-ahead held back, [rows, outputSize], or the last output, [outputSize]
   * @throws what end of the main entry throws
   */
  async end<Output extends Float32Array = Floats>(output?: Output): Promise<Output> {
    return this.#call("end", output);
  }

  /** Returns to the beginning of a sequence: zero state, position 0. */
  async reset(): Promise<void> {
    await this.#call("reset");
  }

  /** Gives the state back to the model, after the calls made before. Idempotent. */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    isDisposedOf(this);
    closer(this.#ask, this.#handle)();
  }

  /** {@link WorkerStream.dispose}, for `using`. */
  [DISPOSE](): void {
    this.dispose();
  }

  async #call<Output extends Float32Array>(
    call: StreamCall,
    output?: Output,
    samples?: Samples | number,
  ): Promise<Output> {
    const action = ACTIONS[call];
    if (this.#isDisposed) {
      throw new LmuError("disposed", `Cannot ${action}: the stream is disposed`);
    }
    const { input, transfer } = sendSamples(action, samples, this.shape.input.vocabulary);
    expectOutput(action, output);
    const request = { call, stream: this.#handle, input, outputLength: output?.length };
    const answer = await this.#ask(request, { transfer });
    this.#position = answer.position;
    return receiveOutput(action, answer.output!, output);
  }
}

/** What closes a stream after the calls made before, without holding it. */
function closer(ask: Ask, stream: number): () => void {
  return () => void ask({ call: "closeStream", stream }).catch(() => undefined);
}
