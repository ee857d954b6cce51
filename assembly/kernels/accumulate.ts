/*
 * Sums that stay right for years of samples: in f64 with the rounding errors carried along (Kahan 1965), because a sum in
 * f32 stands still after 2^24 samples, and one in f64 alone is 1e-3 off after ten years at 48 kHz.
 */

/** sum += x, elementwise. Error of the sum: 2^-52 of Σ|x|, however many. */
export function accumulate(
  sum: usize, // f64[2][count]: sums, then carries
  x: usize, // f32[count]
  count: u32, // a multiple of 4
): void {
  assert(count % 4 == 0, "count is no multiple of 4");
  const carries = count << 3;
  for (const end = x + (count << 2); x < end; x += 8, sum += 16) {
    const before = v128.load(sum);
    const added = f64x2.sub(f64x2.promote_low_f32x4(v128.load64_zero(x)), v128.load(sum + carries));
    const after = f64x2.add(before, added);
    v128.store(sum + carries, f64x2.sub(f64x2.sub(after, before), added));
    v128.store(sum, after);
  }
}

/** y = sum / divisor, rounded to f32. */
export function meanOf(
  y: usize, // f32[count]
  sum: usize, // f64[count]
  count: u32, // a multiple of 4
  divisor: f64,
): void {
  assert(count % 4 == 0, "count is no multiple of 4");
  const d = f64x2.splat(divisor);
  for (const end = y + (count << 2); y < end; y += 8, sum += 16) {
    v128.store64_lane(y, f32x4.demote_f64x2_zero(f64x2.div(v128.load(sum), d)), 0);
  }
}
