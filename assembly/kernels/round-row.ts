import * as C from "../simd/constants";

/*
 * What a row becomes before integers multiply it: its scale, f32; where sums over it start, i32; 8 bytes of padding; then 8
 * bytes for every four values. Of four integers p these are, in 16 bits each, p₀, p₂, p₁ - 256 p₀ and p₃ - 256 p₂.
 */

/** Bytes that a row of so many values becomes. */
export function roundedBytes(columns: u32): u32 {
  return 16 + (((columns + 7) & ~7) << 1);
}

/**
 * Rounds a row to integers p of 8 bits that share a scale: x ≈ scale · p, the largest |p| is 127.
 *
 * Error: within scale · 0.50001 of every x; rows below 1e-30 become zero. The scale is NaN where an x is not finite.
 */
export function roundRow(
  to: usize, // [roundedBytes(columns)]
  x: usize, // f32[columns]
  columns: u32,
): void {
  assert(x % 4 == 0 && to % 4 == 0, "a row is not aligned");
  const whole = x + ((columns & ~7) << 2);
  const left = columns & 7;
  // The last values, and zeros up to eight; what follows a row is not to be read further than a vector.
  const mask = C.FIRST + ((8 - left) << 2);
  const zero = i32x4.splat(0);
  const tail0 = left ? v128.and(v128.load(whole), v128.load(mask)) : zero;
  const tail1 = left > 4 ? v128.and(v128.load(whole, 16), v128.load(mask, 16)) : zero;

  const magnitude = v128.load(C.MAGNITUDE);
  let most = i32x4.max_u(v128.and(tail0, magnitude), v128.and(tail1, magnitude));
  for (let i = x; i < whole; i += 32) {
    most = i32x4.max_u(most, v128.and(v128.load(i), magnitude));
    most = i32x4.max_u(most, v128.and(v128.load(i, 16), magnitude));
  }
  const largest = Rounding.largest(most);
  store<f32>(to, largest / 127 + largest * 0); // Infinity becomes NaN.

  const factor = f32x4.splat(127 / largest);
  const start = to + 4;
  let sums = zero;
  to += 16;
  for (; x < whole; x += 32) {
    const integers = Rounding.integers(v128.load(x), v128.load(x, 16), factor);
    v128.store(to, Rounding.pairs(integers));
    sums = i32x4.add(sums, i32x4.dot_i16x8_s(integers, v128.load(C.MINUS_128)));
    to += 16;
  }
  if (left) {
    const integers = Rounding.integers(tail0, tail1, factor);
    v128.store(to, Rounding.pairs(integers));
    sums = i32x4.add(sums, i32x4.dot_i16x8_s(integers, v128.load(C.MINUS_128)));
  }
  store<i32>(start, i32x4.extract_lane(sums, 0) + i32x4.extract_lane(sums, 2));
}

/** The steps, eight values at a time. */
abstract class Rounding {
  /** The largest lane, 1e-30 at least. Without their signs floats are in the order of their bits, and NaN comes last. */
  @inline static largest(most: v128): f32 {
    most = i32x4.max_u(most, v128.shuffle<i32>(most, most, 2, 3, 0, 1));
    most = i32x4.max_u(most, v128.shuffle<i32>(most, most, 1, 0, 3, 2));
    return max<f32>(f32x4.extract_lane(most, 0), 1e-30);
  }

  /** x · factor to the nearest integers, 16 bits each, of every four in the order 0, 2, 1, 3. */
  @inline static integers(a: v128, b: v128, factor: v128): v128 {
    const round = v128.load(C.ROUND);
    a = f32x4.add(f32x4.mul(a, factor), round);
    b = f32x4.add(f32x4.mul(b, factor), round);
    return v128.shuffle<i16>(a, b, 0, 4, 2, 6, 8, 12, 10, 14);
  }

  /** Takes 256 times the first two of four from the last two. */
  @inline static pairs(integers: v128): v128 {
    return i16x8.sub(integers, i16x8.shl(i64x2.shl(integers, 32), 8));
  }
}
