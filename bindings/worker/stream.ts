import { DISPOSE } from "../dispose.js";
import { LmuError } from "../errors.js";
import type { Samples } from "../model/ports.js";
import { ACTIONS, type Request, type StreamAnswer } from "./protocol.js";

/**
 * One live signal in a worker: {@link lmu-wasm!Stream | Stream} with promises. Made by {@link WorkerModel.stream}.
 *
 * Calls are done in the order in which they are made; there is no need to wait for one before the next. Every call rejects
 * with LmuError disposed after disposal, and with worker-failed when the worker has ended.
 */
export class WorkerStream {
  /** @internal Entries are minified, and hosts print the name. */
  static readonly name = "WorkerStream";
  readonly #ask: (request: Request) => Promise<StreamAnswer>;
  readonly #handle: number;
  #position = 0;
  #isDisposed = false;

  /** @internal */
  constructor(ask: (request: Request) => Promise<StreamAnswer>, handle: number) {
    this.#ask = ask;
    this.#handle = handle;
  }

  /** Samples seen since the beginning or the last reset, as of the last answer. */
  get position(): number {
    return this.#position;
  }

  /**
   * Takes one sample, as {@link lmu-wasm!Stream.step | step} of the main entry.
   *
   * @param sample - f32[inputSize], or the number itself when inputSize is 1
   * @returns f32[outputSize], a new array
   * @throws what step of the main entry throws
   */
  async step(sample: Samples | number): Promise<Float32Array> {
    return this.#output({ call: "step", stream: this.#handle, input: sample });
  }

  /**
   * Takes a chunk of samples, as {@link lmu-wasm!Stream.push | push} of the main entry.
   *
   * @param chunk - f32[steps, inputSize], row by row; token models: ids[steps]
   * @returns [rows, outputSize] if the model returns sequences, else the last output, [outputSize]; a new array
   * @throws what push of the main entry throws
   */
  async push(chunk: Samples): Promise<Float32Array> {
    return this.#output({ call: "push", stream: this.#handle, input: chunk });
  }

  /**
   * Ends the sequence, as {@link lmu-wasm!Stream.end | end} of the main entry. Then only {@link WorkerStream.reset} goes on.
   *
   * @returns the outputs that look-ahead held back, [rows, outputSize], or the last output, [outputSize]; a new array
   * @throws what end of the main entry throws
   */
  async end(): Promise<Float32Array> {
    return this.#output({ call: "end", stream: this.#handle });
  }

  /** Returns to the beginning of a sequence: zero state, position 0. */
  async reset(): Promise<void> {
    await this.#send({ call: "reset", stream: this.#handle });
  }

  /** Gives the state back to the model, after the calls made before. Idempotent. */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#ask({ call: "closeStream", stream: this.#handle }).catch(() => undefined);
  }

  /** {@link WorkerStream.dispose}, for `using`. */
  [DISPOSE](): void {
    this.dispose();
  }

  async #output(request: Request): Promise<Float32Array> {
    return (await this.#send(request)).output!;
  }

  async #send(request: Request): Promise<StreamAnswer> {
    if (this.#isDisposed) {
      throw new LmuError("disposed", `Cannot ${ACTIONS[request.call]}: the stream is disposed`);
    }
    const answer = await this.#ask(request);
    this.#position = answer.position;
    return answer;
  }
}
