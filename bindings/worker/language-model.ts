import { DISPOSE } from "../dispose.js";
import { printable } from "../inspect.js";
import type {
  GenerateOptions,
  GenerationOptions,
  Perplexity,
  PerplexityOptions,
  Prompt,
  Token,
} from "../language/language.js";
import { WorkerGeneration } from "./generation.js";
import type { WorkerModel } from "./model.js";
import type { GenerationFacts, LanguageRequest } from "./protocol.js";

/**
 * A language model in a worker: {@link lmu-wasm/language!LanguageModel | LanguageModel} with promises. Made by
 * `loadLanguageModel` or {@link LmuWorker.loadLanguageModel}.
 *
 * @example
 * ```ts
 * import { loadLanguageModel } from "lmu-wasm/worker";
 *
 * const lm = await loadLanguageModel("models/addresses");
 * for await (const { text } of lm.generate("The ", { maxTokens: 9, seed: 1 })) console.log(text);
 * lm.dispose(); // ends the worker
 * ```
 */
export class WorkerLanguageModel {
  /** The model itself: token ids in, a row of logits for each out. */
  readonly model: WorkerModel;
  readonly #handle: number;

  static {
    printable(WorkerLanguageModel, "WorkerLanguageModel", ({ vocabulary }) => ({ vocabulary }));
  }

  /** @internal */
  constructor(model: WorkerModel, handle: number) {
    this.model = model;
    this.#handle = handle;
  }

  /** Number of tokens. */
  get vocabulary(): number {
    return this.model.vocabulary!;
  }

  /** The ids of a text, as {@link lmu-wasm/language!LanguageModel.encode | encode} of the language entry. */
  async encode(text: string): Promise<Int32Array> {
    return this.#ask("encode", { prompt: text });
  }

  /** The text of ids. */
  async decode(ids: ArrayLike<number>): Promise<string> {
    return this.#ask("decode", { prompt: Array.from(ids) });
  }

  /** Logits of the token after each, as {@link lmu-wasm/language!LanguageModel.logits | logits} of the language entry. */
  async logits(prompt: Prompt): Promise<Float32Array> {
    return this.#ask("logits", { prompt });
  }

  /**
   * How well the model foretells a text, as {@link lmu-wasm/language!LanguageModel.perplexity | perplexity} of the language
   * entry.
   *
   * @throws what perplexity of the language entry throws; the signal's reason, at once
   */
  async perplexity(text: Prompt, options: PerplexityOptions = {}): Promise<Perplexity> {
    const { signal, onProgress, ...rest } = options;
    const request = {
      call: "perplexity",
      model: this.#handle,
      prompt: text,
      options: rest,
    } as const;
    return this.model.ask(request, {
      signal,
      onProgress: onProgress && (({ loaded, total }) => onProgress(loaded, total!)),
    });
  }

  /**
   * Opens a text that begins with a prompt, as {@link lmu-wasm/language!LanguageModel.generation | generation} of the language
   * entry.
   *
   * @throws what generation of the language entry throws
   */
  async generation(prompt: Prompt, options: GenerationOptions = {}): Promise<WorkerGeneration> {
    return this.#open(this.#ask("generation", { prompt, options }));
  }

  /** Goes on with a text that was saved, here or not, as {@link lmu-wasm/language!LanguageModel.restore | restore}. */
  async restore(saved: Uint8Array): Promise<WorkerGeneration> {
    return this.#open(this.#ask("restoreText", { snapshot: saved }));
  }

  /**
   * Writes on after a prompt, token by token, as {@link lmu-wasm/language!LanguageModel.generate | generate}. The worker writes
   * none that nobody has asked for; whoever stops reading ends it.
   *
   * @throws what generate of the language entry throws; the signal's reason, at once
   */
  async *generate(
    prompt: Prompt,
    options: GenerateOptions = {},
  ): AsyncGenerator<Token, void, undefined> {
    const { signal, ...rest } = options;
    const text = await this.generation(prompt, rest);
    try {
      for (let token; (token = await text.next({ signal }));) yield token;
    } finally {
      text.dispose();
    }
  }

  /** Gives the model's memory back, as {@link WorkerModel.dispose}. Idempotent. */
  dispose(): void {
    this.model.dispose();
  }

  /** {@link WorkerLanguageModel.dispose}, for `using`. */
  [DISPOSE](): void {
    this.dispose();
  }

  async #open(facts: Promise<GenerationFacts>): Promise<WorkerGeneration> {
    return new WorkerGeneration((...asked) => this.model.ask(...asked), await facts);
  }

  async #ask<T>(
    call: LanguageRequest["call"],
    rest: Omit<LanguageRequest, "call" | "model">,
  ): Promise<T> {
    return this.model.ask<T>({ call, model: this.#handle, ...rest });
  }
}
