import { DISPOSE } from "../dispose.js";
import { printable } from "../inspect.js";
import type { GenerationOptions, Token } from "../language/language.js";
import type { AskOptions } from "./channel.js";
import { Lifetime } from "./lifetime.js";
import { ACTIONS, type GenerationFacts, type GenerationRequest, type Request } from "./protocol.js";

type Ask = <T>(request: Request, options?: AskOptions) => Promise<T>;

/**
 * A text on its way in a worker: {@link lmu-wasm/language!Generation | Generation} with promises. Made by
 * {@link WorkerLanguageModel.generation}.
 *
 * Calls are done in the order in which they are made. Every call rejects with LmuError disposed after disposal, and with
 * worker-failed when the worker has ended.
 */
export class WorkerGeneration {
  readonly #ask: Ask;
  readonly #handle: number;
  readonly #lifetime: Lifetime;
  #facts: GenerationFacts;
  /** Answers of calls that were given up when the worker had written the token: the next calls take them. */
  readonly #missed: GenerationFacts[];

  static {
    printable(WorkerGeneration, "WorkerGeneration", ({ position, count, ended }) => ({
      position,
      count,
      ended,
    }));
  }

  /** @internal */
  constructor(ask: Ask, facts: GenerationFacts, missed: readonly GenerationFacts[] = []) {
    this.#missed = [...missed];
    this.#ask = ask;
    this.#handle = facts.text!;
    this.#facts = facts;
    this.#lifetime = new Lifetime(this, "text", closer(ask, this.#handle));
  }

  /** Tokens written, as of the last answer. */
  get count(): number {
    return this.#facts.count;
  }

  /** Why the text has ended, as of the last answer; undefined while it goes on. */
  get ended(): "stop" | "length" | undefined {
    return this.#facts.ended;
  }

  /** Tokens that the model has read, as of the last answer. */
  get position(): number {
    return this.#facts.position;
  }

  /**
   * Writes the next token, as {@link lmu-wasm/language!Generation.next | next} of the language entry.
   *
   * @param options - a signal rejects at once with its reason; of a long prompt the worker has then read a part, and goes on
   *   there with the next call. What it had written already comes with the next call
   * @throws what next of the language entry throws
   */
  async next(
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Token | undefined> {
    this.#lifetime.expectAlive(ACTIONS.next);
    options.signal?.throwIfAborted();
    const missed = this.#missed;
    const late = (facts: GenerationFacts) => void missed.push(facts);
    if (missed.length === 0) late(await this.#send({ call: "next" }, { ...options, late }));
    this.#facts = missed.shift()!;
    return this.#facts.token;
  }

  /** The tokens to come, until the text has ended; the worker writes none that nobody has asked for. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Token, void, undefined> {
    for (let token = await this.next(); token; token = await this.next()) yield token;
  }

  /** All of it as bytes, as {@link lmu-wasm/language!Generation.save | save} of the language entry. */
  async save(): Promise<Uint8Array> {
    return (await this.#call({ call: "saveText" })).snapshot!;
  }

  /** Back to where it was, as {@link lmu-wasm/language!Generation.rewind | rewind} of the language entry. */
  async rewind(saved: Uint8Array): Promise<void> {
    await this.#call({ call: "rewind", snapshot: saved });
    this.#missed.length = 0;
  }

  /** A second text with the same beginning, as {@link lmu-wasm/language!Generation.fork | fork} of the language entry. */
  async fork(options: GenerationOptions = {}): Promise<WorkerGeneration> {
    const facts = await this.#send({ call: "forkText", options });
    return new WorkerGeneration(this.#ask, facts, this.#missed);
  }

  /** Gives the memory back, after the calls made before. Idempotent. */
  dispose(): void {
    this.#lifetime.end();
  }

  /** {@link WorkerGeneration.dispose}, for `using`. */
  [DISPOSE](): void {
    this.dispose();
  }

  async #call(request: Omit<GenerationRequest, "text">) {
    return (this.#facts = await this.#send(request));
  }

  async #send(request: Omit<GenerationRequest, "text">, options?: AskOptions) {
    this.#lifetime.expectAlive(ACTIONS[request.call]);
    return this.#ask<GenerationFacts>({ ...request, text: this.#handle }, options);
  }
}

/** What closes a text after the calls made before, without holding it. */
function closer(ask: Ask, text: number): () => void {
  return () => void ask({ call: "closeText", text }).catch(() => undefined);
}
