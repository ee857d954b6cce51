import { DISPOSE } from "../dispose.js";
import { expectInteger, LmuError, typeOf } from "../errors.js";
import { load, type LoadOptions, type Model, type Source, type SourceFiles } from "../index.js";
import { printable } from "../inspect.js";
import { pauses } from "../pauses.js";
import { type Beside, readBeside } from "./beside.js";
import { beginning, Generation, readSaved, type Token, type Tools } from "./generation.js";
import { type GenerateOptions, type GenerationOptions, settle, type Settled } from "./options.js";
import { Kept } from "./kept.js";
import { logitsOf, type ToLogits } from "./logits.js";
import { type Perplexity, type PerplexityOptions, perplexityOf } from "./perplexity.js";
import { BYTES, idsOf, notRead, readTokenizer, type Tokenizer } from "./tokenizer.js";

/** Options of {@link LanguageModel.load}. */
export interface LanguageModelOptions extends LoadOptions {
  /**
   * What makes ids of texts: any object with `encode` and `decode`. @defaultValue that of the tokenizer.json beside the weights,
   * for which the package @huggingface/tokenizers must be installed; else a token is a byte. Where only an older one is (vocab.json
   * and its like), ids are read and written, and no texts
   */
  tokenizer?: Tokenizer | undefined;
  /**
   * Pasts that are kept: a text whose prompt begins with what one has read goes on from there, to the same bits (unless `prefill`
   * is "parallel"). A text leaves two, before the last token of its prompt and when it is disposed; the least recently used go
   * first. Each takes a state of the model, and 4 bytes a token. @defaultValue 0
   */
  reuse?: number | undefined;
}

/** A text, or the ids of its tokens. */
export type Prompt = string | Int32Array | readonly number[];

/**
 * A model that reads tokens and foretells the next one, with its tokenizer. Made by {@link LanguageModel.load}.
 *
 * @example
 * ```ts
 * import { LanguageModel } from "lmu-wasm/language";
 *
 * const lm = await LanguageModel.load("gpt2"); // a folder
 * for await (const { text } of lm.generate("THE SEA", { maxTokens: 9, seed: 1 })) console.log(text);
 * ```
 */
export class LanguageModel {
  /** The model itself: token ids in, a row of logits for each out, or of probabilities where softmax comes last. */
  readonly model: Model;
  readonly #tokenizer: Tokenizer;
  /** Tokens at which a text ends, as the files beside the weights say. */
  readonly #stopIds: readonly number[];
  readonly #kept: Kept | undefined;
  readonly #toLogits: ToLogits;
  /** Positions of the model; no end where it has none. */
  readonly #maxSteps: number;

  static {
    printable(LanguageModel, "LanguageModel", ({ vocabulary }) => ({ vocabulary }));
  }

  private constructor(
    model: Model,
    tokenizer: Tokenizer,
    stopIds: readonly number[],
    reuse: number,
  ) {
    this.model = model;
    this.#toLogits = logitsOf(model);
    this.#maxSteps = model.report().maxSteps ?? Infinity;
    this.#kept = reuse > 0 ? new Kept(model, reuse) : undefined;
    this.#tokenizer = tokenizer;
    this.#stopIds = stopIds;
  }

  /**
   * Loads a language model: any model that reads token ids and gives a row of logits, one for each token, at every step.
   *
   * @param source - as for `load`; a folder (or sources by name) may have config.json, generation_config.json and
   *   tokenizer.json beside the weights
   * @param options - those of `load`, and the tokenizer
   * @throws what `load` throws; LmuError description-invalid if the model is none of language; format-unknown if
   *   tokenizer.json needs a package that is not installed
   */
  static async load(
    source: Source | SourceFiles,
    options: LanguageModelOptions = {},
  ): Promise<LanguageModel> {
    const { tokenizer, reuse = 0, ...rest } = options;
    expectTokenizer(tokenizer);
    expectInteger("load the model", "reuse", reuse, 0);
    const beside = await readBeside(source, rest);
    const own = tokenizer ?? (await tokenizerOf(beside));
    const model = await load(beside.source, rest);
    const { vocabulary } = model;
    if (vocabulary === undefined || model.outputSize !== vocabulary || !model.returnsSequence) {
      const got = `${vocabulary ?? "no"} tokens in and ${model.outputSize} outputs`;
      model.dispose();
      throw new LmuError(
        "description-invalid",
        `Cannot load the language model: it has ${got}, expected a row of logits for every token`,
      );
    }
    const stopIds = beside.stopIds.filter((id) => id < vocabulary);
    return new LanguageModel(model, own, stopIds, reuse);
  }

  /** Number of tokens. */
  get vocabulary(): number {
    return this.model.vocabulary!;
  }

  /**
   * The ids of a text.
   *
   * @throws LmuError input-invalid if the tokenizer gives an id that the model has not, or none for what it does not know;
   *   format-unknown if beside the weights is a tokenizer of before tokenizer.json
   */
  encode(text: string): Int32Array {
    const ids = Array.from(idsOf(this.#tokenizer, text));
    const wrong = ids.findIndex((id) => !this.#isToken(id));
    if (wrong < 0) return Int32Array.from(ids);
    throw new LmuError(
      "input-invalid",
      `Cannot encode the text: the tokenizer gives token ${String(ids[wrong])}, expected 0 to ${this.vocabulary - 1}: it is that of another model`,
    );
  }

  /** The text of ids. */
  decode(ids: ArrayLike<number>): string {
    return this.#tokenizer.decode(Array.from(ids));
  }

  /**
   * Logits of the token after each: of a model of probabilities their ln.
   *
   * @param prompt - text, or ids
   * @returns f32[tokens, vocabulary]
   * @throws as `model.run`
   */
  logits(prompt: Prompt): Float32Array {
    return this.#toLogits(this.model.run(this.#ids("compute logits", prompt)));
  }

  /**
   * How well the model foretells a text: streamed, so memory does not depend on its length.
   *
   * @throws RangeError if there are less than two tokens, or the window has less; LmuError as `stream.push`,
   *   input-invalid if logits are not finite; the signal's reason
   */
  async perplexity(text: Prompt, options: PerplexityOptions = {}): Promise<Perplexity> {
    return perplexityOf(this.model, this.#tools, this.#ids("measure", text), options);
  }

  /**
   * Opens a text that begins with a prompt.
   *
   * @throws TypeError, RangeError if an option is of the wrong kind, or the prompt is empty; LmuError input-invalid, as for
   *   a prompt of more tokens than the model has positions, disposed, model-too-large
   */
  generation(prompt: Prompt, options: GenerationOptions = {}): Generation {
    return this.#open(prompt, settle("generate", options, this.#stopIds));
  }

  /**
   * Goes on with a text that was saved, with the options that it had, on whatever engine that was.
   *
   * @param saved - what {@link Generation.save} returned
   * @throws TypeError if it is no array of bytes
   * @throws LmuError snapshot-invalid, snapshot-other-model or snapshot-newer; disposed; model-too-large
   */
  restore(saved: Uint8Array): Generation {
    const { past, snapshot } = readSaved(saved, this.#tools);
    return new Generation(this.model.restore(snapshot), this.#tools, past);
  }

  /**
   * Writes on after a prompt, token by token, and lets other work on between them. Whoever stops reading ends it.
   *
   * @throws what {@link LanguageModel.generation} and {@link Generation.next} throw; the signal's reason
   */
  async *generate(
    prompt: Prompt,
    options: GenerateOptions = {},
  ): AsyncGenerator<Token, void, undefined> {
    const { signal } = options;
    const generation = this.#open(prompt, settle("generate", options, this.#stopIds, "signal"));
    const pause = pauses(signal);
    try {
      signal?.throwIfAborted();
      while (generation.read()) await pause();
      for (const token of generation) {
        yield token;
        signal?.throwIfAborted();
        await pause();
      }
    } finally {
      generation.dispose();
    }
  }

  /** Gives the memory back. Idempotent; use afterwards throws LmuError disposed. */
  dispose(): void {
    this.model.dispose();
  }

  /** {@link LanguageModel.dispose}, for `using`. */
  [DISPOSE](): void {
    this.dispose();
  }

  get #tools(): Tools {
    return {
      ...{ tokenizer: this.#tokenizer, vocabulary: this.vocabulary },
      ...{ kept: this.#kept, toLogits: this.#toLogits, maxSteps: this.#maxSteps },
    };
  }

  #open(prompt: Prompt, options: Settled): Generation {
    const ids = this.#ids("generate", prompt);
    if (ids.length > this.#maxSteps) {
      throw new LmuError(
        "input-invalid",
        `Cannot generate: the prompt has ${ids.length} tokens, expected at most the ${this.#maxSteps} positions of the model`,
      );
    }
    const { stream, read } = this.#kept?.open(ids) ?? { stream: this.model.stream() };
    return new Generation(
      stream,
      this.#tools,
      beginning(ids, options, this.#tokenizer, read?.length),
      read,
    );
  }

  /** @throws TypeError, RangeError, LmuError input-invalid */
  #ids(action: string, prompt: Prompt): Int32Array {
    const isList = Array.isArray(prompt) || prompt instanceof Int32Array;
    if (typeof prompt !== "string" && !isList) {
      throw new TypeError(
        `Cannot ${action}: the prompt is ${typeOf(prompt)}, expected a text or ids`,
      );
    }
    const ids = typeof prompt === "string" && prompt ? this.encode(prompt) : Array.from(prompt);
    if (ids.length === 0) {
      throw new RangeError(`Cannot ${action}: the prompt is empty, expected at least one token`);
    }
    const wrong = ids.findIndex((id) => !this.#isToken(id));
    if (wrong < 0) return Int32Array.from(ids);
    throw new LmuError(
      "input-invalid",
      `Cannot ${action}: the prompt has token ${String(ids[wrong])}, expected 0 to ${this.vocabulary - 1}`,
    );
  }

  #isToken(id: unknown): boolean {
    return Number.isInteger(id) && (id as number) >= 0 && (id as number) < this.vocabulary;
  }
}

function expectTokenizer(tokenizer: unknown): void {
  const { encode, decode } = (tokenizer ?? BYTES) as Partial<Tokenizer>;
  if (typeof encode === "function" && typeof decode === "function") return;
  throw new TypeError(
    `Cannot load the model: tokenizer is ${typeOf(tokenizer)}, expected an object with encode and decode`,
  );
}

async function tokenizerOf(beside: Beside): Promise<Tokenizer> {
  const { tokenizer, tokenizerConfig, olderTokenizer } = beside;
  if (tokenizer !== undefined) return readTokenizer(tokenizer, tokenizerConfig ?? {});
  return olderTokenizer === undefined ? BYTES : notRead(olderTokenizer);
}
