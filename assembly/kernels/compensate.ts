/**
 * m + remainder ← m + update, where update has the remainder added already: what m is too coarse for stays in the remainder
 * (Knuth's TwoSum), so that increments below half a unit of m add up instead of being lost.
 *
 * Exact: the new m and remainder sum to m + update.
 */
export function addCompensated(
  m: usize, // f32[bytes / 4], in and out
  remainder: usize, // f32[bytes / 4], out
  update: usize, // f32[bytes / 4]
  bytes: u32, // a multiple of 4
): void {
  assert(bytes % 4 == 0, "bytes is no multiple of 4");
  assert(m + bytes <= remainder || remainder + bytes <= m, "remainder overlaps m");
  for (let i: u32 = 0; i < bytes; i += 4) {
    const before = load<f32>(m + i);
    const added = load<f32>(update + i);
    const after = before + added;
    const taken = after - before;
    store<f32>(m + i, after);
    store<f32>(remainder + i, before - (after - taken) + (added - taken));
  }
}
