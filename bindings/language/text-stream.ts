import type { Tokenizer } from "./tokenizer.js";

/** Tokens that an unfinished character may have; beyond, they are no text. */
const MAX_OPEN = 32;

/** What a {@link TextStream} remembers. */
export interface TextState {
  /** Tokens whose text has been given, as context: some tokenizers drop a space at the beginning. */
  readonly before: readonly number[];
  readonly open: readonly number[];
  /** Characters of the open tokens that have been given. */
  readonly given: number;
}

/** Tokens that a character may have: it has so many bytes at most. */
const CHARACTER = 4;

/** The beginning of a text that goes on after a prompt. Half a character is no context: with its other half its text is another. */
export function textAfter(prompt: Int32Array, tokenizer: Tokenizer): TextState {
  const before = [...prompt.subarray(-CHARACTER)];
  const isWhole = !tokenizer.decode(before).endsWith("\uFFFD");
  return { before: isWhole ? before : [], open: [], given: 0 };
}

/**
 * Text of tokens as they come. Never splits a character, and all pieces together are the text of all tokens: what the text
 * of the newest ones ends with waits while it is the replacement character, which may be half of another.
 */
export class TextStream {
  #before: readonly number[];
  #open: number[];
  #given: number;

  constructor(
    private readonly tokenizer: Tokenizer,
    { before, open, given }: TextState = { before: [], open: [], given: 0 },
  ) {
    this.#before = before;
    this.#open = [...open];
    this.#given = given;
  }

  /** All that it remembers. */
  get state(): TextState {
    return { before: this.#before, open: [...this.#open], given: this.#given };
  }

  /** Takes a token; gives the text that is certain now. */
  push(id: number): string {
    this.#open.push(id);
    const text = this.#text();
    const whole = this.#open.length < MAX_OPEN ? text.replace(/\uFFFD+$/, "") : text;
    const piece = whole.slice(this.#given);
    this.#given += piece.length;
    if (whole.length === text.length) this.#close(text);
    return piece;
  }

  /** The rest, whatever it is. */
  end(): string {
    if (this.#open.length === 0) return "";
    const text = this.#text();
    const piece = text.slice(this.#given);
    this.#close(text);
    return piece;
  }

  #close(text: string): void {
    // Half a character is no context, and what has no text does not replace it.
    if (text.endsWith("\uFFFD")) this.#before = [];
    else this.#before = [...(text ? [] : this.#before), ...this.#open].slice(-MAX_OPEN);
    this.#open = [];
    this.#given = 0;
  }

  #text(): string {
    const { tokenizer } = this;
    const before = this.#before.length ? tokenizer.decode([...this.#before]) : "";
    return tokenizer.decode([...this.#before, ...this.#open]).slice(before.length);
  }
}
