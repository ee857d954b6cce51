/** 64 bits, as two u32. */
export type Hash = readonly [number, number];

/** The 16 digits of a hash. */
export function digitsOf(hash: Hash): string {
  return hash.map((word) => word.toString(16).padStart(8, "0")).join("");
}

/**
 * A hash of 32-bit words: two chains, each word taken in by steps that can be undone, so that a change of any one word
 * changes both. Against accidents; whoever wants to can forge it.
 *
 * @param from - the hash of the words before, if there are any
 */
export function hashOf(words: ArrayLike<number>, from: Hash = [0x9e3779b9, 0x3c6ef372]): Hash {
  let [a, b] = from;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    a = Math.imul(a ^ word, 0x7feb352d);
    a ^= a >>> 15;
    b = Math.imul(b ^ word, 0x846ca68b);
    b ^= b >>> 13;
  }
  return [a >>> 0, b >>> 0];
}
