/** Spacing of floats at a real number; that of the smallest normal ones below them. */
export function ulp(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude < 2 ** -126) return 2 ** -149;
  return 2 ** (Math.floor(Math.log2(magnitude)) - 23);
}

/**
 * Floats of all magnitudes and both signs, every `stride`-th bit pattern, with the special ones at the end:
 * ±0, ±infinity, the smallest and the largest.
 */
export function sweep(stride: number): Float32Array {
  const patterns: number[] = [];
  for (let bits = 0; bits < 0x7f800000; bits += stride) patterns.push(bits, bits + 0x80000000);
  patterns.push(0, 0x80000000, 0x7f800000, 0xff800000, 1, 0x80000001, 0x7f7fffff, 0xff7fffff);
  patterns.push(0x007fffff, 0x807fffff, 0x00800000, 0x80800000);
  while (patterns.length % 4) patterns.push(0);
  return new Float32Array(Uint32Array.from(patterns).buffer);
}
