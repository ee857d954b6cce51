/**
 * sum + a·b, four lanes: multiply, round, add, round.
 *
 * The only place where a relaxed-SIMD build would differ (one fused rounding, other bits per engine).
 */
export function madd(sum: v128, a: v128, b: v128): v128 {
  return f32x4.add(sum, f32x4.mul(a, b));
}

/** p·x + c, c a constant in memory: one step of Horner's rule. */
export function horner(p: v128, x: v128, c: usize): v128 {
  return f32x4.add(f32x4.mul(p, x), v128.load(c));
}

/** Lanes of a where mask is set, of b elsewhere. */
export function select(mask: v128, a: v128, b: v128): v128 {
  return v128.bitselect(a, b, mask);
}

/** The four lanes added in pairs: (0 + 2) + (1 + 3). */
export function sumLanes(v: v128): f32 {
  const pair = f32x4.add(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return f32x4.extract_lane(pair, 0) + f32x4.extract_lane(pair, 1);
}

/** The largest lane; NaN when a lane is NaN. */
export function maxLane(v: v128): f32 {
  const pair = f32x4.max(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return max<f32>(f32x4.extract_lane(pair, 0), f32x4.extract_lane(pair, 1));
}
