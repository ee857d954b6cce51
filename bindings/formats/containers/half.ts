const word = new Float32Array(1);
const wordBits = new Uint32Array(word.buffer);

/** A number as IEEE half precision, ties to even; beyond its range, infinity. */
export function toHalf(value: number): number {
  word[0] = value;
  const bits = wordBits[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = Math.abs(word[0]);
  if (Number.isNaN(value)) return sign | 0x7e00;
  if (magnitude >= 65520) return sign | 0x7c00;
  if (magnitude < 2 ** -14) return sign | roundEven(magnitude * 2 ** 24);
  // A bias of 15, not 127. A significand that rounds up to 2 carries into the exponent, as it should.
  return sign | (((bits & 0x7fffffff) - (112 << 23) + 0xfff + ((bits >>> 13) & 1)) >>> 13);
}

/** A number as bfloat16, ties to even. */
export function toBfloat16(value: number): number {
  word[0] = value;
  const bits = wordBits[0]!;
  if (Number.isNaN(value)) return (bits >>> 16) | 0x40;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** The nearest integer, ties to even, of a number within ±2^51: where doubles are 1 apart, addition rounds so. */
export function roundEven(value: number): number {
  const large = 1.5 * 2 ** 52;
  return value + large - large;
}
