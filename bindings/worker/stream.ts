import { DISPOSE } from "../dispose.js";
import { LmuError } from "../errors.js";
import type { Samples } from "../ports.js";
import type { Request, StreamAnswer } from "./protocol.js";

/** One live signal in a worker. Calls are done in the order in which they are made. */
export class WorkerStream {
  readonly #ask: (request: Request) => Promise<StreamAnswer>;
  readonly #handle: number;
  #position = 0;
  #isDisposed = false;

  /** @internal */
  constructor(ask: (request: Request) => Promise<StreamAnswer>, handle: number) {
    this.#ask = ask;
    this.#handle = handle;
  }

  /** Samples seen, as of the last answer. */
  get position(): number {
    return this.#position;
  }

  /** As {@link Stream.step}; the output is a new array. */
  async step(sample: Samples | number): Promise<Float32Array> {
    return this.#output({ call: "step", stream: this.#handle, input: sample });
  }

  /** As {@link Stream.push}. */
  async push(chunk: Samples): Promise<Float32Array> {
    return this.#output({ call: "push", stream: this.#handle, input: chunk });
  }

  /** As {@link Stream.end}. */
  async end(): Promise<Float32Array> {
    return this.#output({ call: "end", stream: this.#handle });
  }

  /** As {@link Stream.reset}. */
  async reset(): Promise<void> {
    await this.#send({ call: "reset", stream: this.#handle });
  }

  /** Gives the state back. Idempotent. */
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
      throw new LmuError("disposed", `Cannot ${request.call}: the stream is disposed`);
    }
    const answer = await this.#ask(request);
    this.#position = answer.position;
    return answer;
  }
}
