import { DISPOSE } from "../dispose.js";
import { LmuError, typeOf } from "../errors.js";
import type { Stream } from "../index.js";
import { printable } from "../inspect.js";
import type { Kept } from "./kept.js";
import { notFinite, type ToLogits } from "./logits.js";
import { type GenerationOptions, settle, type Settled } from "./options.js";
import { type Past, readPast, writePast } from "./past.js";
import { Sampler } from "./sampler.js";
import { Stops } from "./stops.js";
import { textAfter, TextStream } from "./text-stream.js";
import type { Tokenizer } from "./tokenizer.js";

/** A token that a language model has written. */
export interface Token {
  /** Its id. */
  readonly id: number;
  /**
   * The text that is certain with it: that of the token, unless it ends within a character or with the beginning of a stop;
   * then it comes with a later one. All texts together are the text that was written.
   */
  readonly text: string;
  /** ln of the probability that the model gave it, before temperature, topK, topP and penalty. */
  readonly logProbability: number;
}

/** What texts of a model share. */
export interface Tools {
  readonly tokenizer: Tokenizer;
  readonly vocabulary: number;
  readonly toLogits: ToLogits;
  /** Positions of the model; no end where it has none. */
  readonly maxSteps: number;
  /** Where streams are kept for later texts, if any are. */
  readonly kept?: Kept | undefined;
}

/** Tokens of a prompt that one call takes in. */
const PROMPT_SLICE = 64;

/** What {@link Generation.save} gave. @throws TypeError, RangeError; LmuError snapshot-invalid, snapshot-newer */
export function readSaved(saved: Uint8Array, { vocabulary }: Tools): ReturnType<typeof readPast> {
  if (!(saved instanceof Uint8Array)) {
    throw new TypeError(`Cannot restore the text: it is ${typeOf(saved)}, expected a Uint8Array`);
  }
  const { past, snapshot } = readPast(saved, vocabulary);
  const options = settle("restore the text", past.options, []);
  return { past: { ...past, options }, snapshot };
}

/**
 * The beginning of a text.
 *
 * @param read - tokens of the prompt that its stream has read already
 */
export function beginning(
  prompt: Int32Array,
  options: Settled,
  tokenizer: Tokenizer,
  read = 0,
): Past {
  return {
    options,
    unread: [...prompt.subarray(read)],
    count: 0,
    ended: options.maxTokens === 0 ? "length" : null,
    sampler: { random: options.seed | 0, seen: options.repetitionPenalty === 1 ? [] : [...prompt] },
    text: textAfter(prompt, tokenizer),
    held: "",
  };
}

/**
 * A text on its way: what has been read, and what comes next. Made by {@link LanguageModel.generation}.
 *
 * Nothing of it depends on the engine it runs on, nor on pauses.
 */
export class Generation {
  readonly #stream: Stream;
  readonly #tools: Tools;
  #options!: Settled;
  #sampler!: Sampler;
  #text!: TextStream;
  #stops!: Stops;
  /** Tokens that the stream has not seen. */
  #unread!: Int32Array;
  #count!: number;
  #ended!: Past["ended"];
  /** All tokens that the stream has read, where it may be kept; undefined where nobody knows them. */
  #read: number[] | undefined;
  #isDisposed = false;

  static {
    printable(Generation, "Generation", ({ position, count, ended }) => ({
      position,
      count,
      ended,
    }));
  }

  /** @internal */
  constructor(stream: Stream, tools: Tools, past: Past, read?: number[]) {
    this.#stream = stream;
    this.#tools = tools;
    this.#read = read;
    this.#become(past);
  }

  /** Tokens written. */
  get count(): number {
    return this.#count;
  }

  /** Why the text has ended: a stop, or maxTokens; undefined while it goes on. */
  get ended(): "stop" | "length" | undefined {
    return this.#ended ?? undefined;
  }

  /** Tokens that the model has read: prompt and answer, but for the newest. */
  get position(): number {
    return this.#stream.position;
  }

  /**
   * Reads some tokens of the prompt; the next token reads what is left.
   *
   * @returns whether any is left
   * @internal
   */
  read(): boolean {
    if (this.#ended || this.#unread.length <= PROMPT_SLICE) return false;
    this.#take(PROMPT_SLICE);
    return true;
  }

  /**
   * Writes the next token.
   *
   * @returns the token; undefined when the text has ended
   * @throws LmuError input-invalid if an id is none of the model's, the model has no more positions, or its logits are not
   *   finite; model-too-large; disposed. Then nothing is written; of a prompt, a part may have been read. After logits that
   *   are not finite the text only goes back, by {@link Generation.rewind}
   */
  next(): Token | undefined {
    this.#expectAlive("choose a token");
    if (this.#ended) return undefined;
    if (this.#count === 0) this.#keepPrompt();
    const logits = this.#logits();
    const { id, logProbability } = this.#sampler.choose(logits);
    this.#unread = Int32Array.of(id);
    const { stopIds, maxTokens } = this.#options;
    if (stopIds.includes(id)) {
      this.#ended = "stop";
      const text = this.#rest();
      return text ? { id, text, logProbability } : undefined;
    }
    this.#count++;
    let text = this.#stops.push(this.#text.push(id));
    if (this.#stops.isFound) this.#ended = "stop";
    else if (this.#count === maxTokens) {
      this.#ended = "length";
      text += this.#rest();
    }
    return { id, text, logProbability };
  }

  /** The tokens to come, until the text has ended. */
  *[Symbol.iterator](): Generator<Token, void, undefined> {
    for (let token = this.next(); token; token = this.next()) yield token;
  }

  /**
   * All of it as bytes: for {@link Generation.rewind}, and for `LanguageModel.restore` on any engine. Its size is that of the
   * model's state, and some hundred bytes.
   *
   * @returns a new array
   * @throws LmuError snapshot-invalid if the state is not finite; disposed
   */
  save(): Uint8Array {
    this.#expectAlive("save the text");
    return writePast(this.#past, this.#stream.save());
  }

  /**
   * Back to where it was, or to where any text of the same model was, when that was saved.
   *
   * @throws LmuError snapshot-invalid, snapshot-other-model or snapshot-newer: then nothing has changed; disposed
   */
  rewind(saved: Uint8Array): void {
    this.#expectAlive("restore the text");
    const { past, snapshot } = readSaved(saved, this.#tools);
    this.#stream.load(snapshot);
    this.#read = undefined;
    this.#become(past);
  }

  /**
   * A second text with the same beginning, from which both go on by themselves: a prompt that many answers share is read once.
   *
   * @param options - what is to be different; a seed begins anew
   * @throws TypeError, RangeError as `LanguageModel.generation`; LmuError disposed, model-too-large
   */
  fork(options: GenerationOptions = {}): Generation {
    this.#expectAlive("fork");
    const past = this.#past;
    const changed = settle("fork", { ...past.options, ...options }, []);
    const random = options.seed === undefined ? past.sampler.random : changed.seed | 0;
    const sampler = { ...past.sampler, random };
    // What has ended may go on when it may be longer.
    const ended = past.count < changed.maxTokens && past.ended === "length" ? null : past.ended;
    const forked = { ...past, options: changed, sampler, ended };
    return new Generation(this.#stream.fork(), this.#tools, forked, this.#read?.slice());
  }

  /**
   * Gives the memory back; where the model keeps pasts, its own among them. Idempotent; use afterwards throws LmuError disposed.
   */
  dispose(): void {
    if (this.#read) this.#tools.kept?.keep(this.#read, this.#stream);
    this.#read = undefined;
    this.#isDisposed = true;
    this.#stream.dispose();
  }

  /** {@link Generation.dispose}, for `using`. */
  [DISPOSE](): void {
    this.dispose();
  }

  #expectAlive(action: string): void {
    if (this.#isDisposed) {
      throw new LmuError("disposed", `Cannot ${action}: the text is disposed`);
    }
  }

  get #past(): Past {
    return {
      options: this.#options,
      unread: [...this.#unread],
      count: this.#count,
      ended: this.#ended,
      sampler: this.#sampler.state,
      text: this.#text.state,
      held: this.#stops.held,
    };
  }

  #become({ options, unread, count, ended, sampler, text, held }: Past): void {
    const { tokenizer, vocabulary } = this.#tools;
    this.#options = options;
    this.#sampler = new Sampler(options, vocabulary, sampler);
    this.#text = new TextStream(tokenizer, text);
    this.#stops = new Stops(options.stop, held);
    this.#unread = Int32Array.from(unread);
    this.#count = count;
    this.#ended = ended;
  }

  /** Reads so many tokens. */
  #take(count: number): Float32Array {
    const ids = this.#unread.subarray(0, count);
    const logits = this.#stream.last(ids);
    for (const id of this.#read ? ids : []) this.#read!.push(id);
    this.#unread = this.#unread.subarray(count);
    return logits;
  }

  /** Of the token to come. */
  #logits(): Float32Array {
    // All has been read, yet nothing was chosen.
    if (!this.#unread.length)
      throw notFinite("choose a token: the last logits have NaN or infinity");
    const logits = this.#tools.toLogits(this.#take(this.#unread.length));
    const wrong = logits.findIndex((logit) => logit - logit !== 0);
    if (wrong < 0) return logits;
    throw notFinite(`choose a token: the logit of token ${wrong} is ${logits[wrong]}`);
  }

  /** Reads the prompt but for its last token, and keeps the stream as it is then: for another answer, too. */
  #keepPrompt(): void {
    if (!this.#read) return;
    if (this.#unread.length > 1) this.#take(this.#unread.length - 1);
    this.#tools.kept?.keep(this.#read, this.#stream);
  }

  /** Text that was held back. */
  #rest(): string {
    const text = this.#stops.push(this.#text.end());
    return text + this.#stops.end();
  }
}
