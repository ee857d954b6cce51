/** Ends a text before the first of some strings; holds back what may be the beginning of one. */
export class Stops {
  isFound = false;
  #held: string;

  constructor(
    private readonly strings: readonly string[],
    held = "",
  ) {
    this.#held = held;
  }

  /** What it holds back. */
  get held(): string {
    return this.#held;
  }

  /** Takes a piece of text; gives what is certain now. Nothing after a stop. */
  push(piece: string): string {
    if (this.isFound) return "";
    const text = this.#held + piece;
    const places = this.strings.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
    if (places.length) {
      this.isFound = true;
      this.#held = "";
      return text.slice(0, Math.min(...places));
    }
    const held = Math.max(0, ...this.strings.map((stop) => overlap(text, stop)));
    this.#held = text.slice(text.length - held);
    return text.slice(0, text.length - held);
  }

  /** The rest, when no more comes. */
  end(): string {
    const rest = this.#held;
    this.#held = "";
    return rest;
  }
}

/** Characters at the end of a text that a string begins with. */
function overlap(text: string, string: string): number {
  for (let length = Math.min(text.length, string.length - 1); length > 0; length--) {
    if (text.endsWith(string.slice(0, length))) return length;
  }
  return 0;
}
