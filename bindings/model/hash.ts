/**
 * 64 bits of 32-bit words: two chains, each word taken in by steps that can be undone, so that a change of any one word
 * changes both. Against accidents; whoever wants to can forge it.
 */
export class Hash {
  #a = 0x9e3779b9;
  #b = 0x3c6ef372;

  /** Takes in words: as many as there are unless a count is given. */
  add(words: ArrayLike<number>, count: number = words.length): this {
    let [a, b] = [this.#a, this.#b];
    for (let i = 0; i < count; i++) {
      const word = words[i]!;
      a = Math.imul(a ^ word, 0x7feb352d);
      a ^= a >>> 15;
      b = Math.imul(b ^ word, 0x846ca68b);
      b ^= b >>> 13;
    }
    [this.#a, this.#b] = [a, b];
    return this;
  }

  /** Both chains, u32 each. */
  get value(): readonly [number, number] {
    return [this.#a >>> 0, this.#b >>> 0];
  }
}
