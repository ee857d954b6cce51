import { madd } from "../simd/f32x4";

/**
 * y[k] = x · rows[k], four rows at a time. Four partial sums each, then (0 + 2) + (1 + 3).
 *
 * Error: width · 2^-23 · Σ |x · row|.
 */
export function dots(
  y: usize, // f32[count up to a multiple of 4]: what is past the count is that of the last row
  x: usize, // f32[width]
  rows: usize, // f32[count][width], stride bytes apart
  stride: u32,
  count: u32,
  width: u32, // a multiple of 4
): void {
  assert((y | x | rows) % 4 == 0, "an array is not aligned");
  assert(width % 4 == 0, "width is no multiple of 4");
  const end = x + (width << 2);
  for (let k: u32 = 0; k < count; k += 4) {
    const left = count - 1 - k;
    const to1 = min<u32>(left, 1) * stride;
    const to2 = min<u32>(left, 2) * stride;
    const to3 = min<u32>(left, 3) * stride;
    let a0 = f32x4.splat(0);
    let a1 = f32x4.splat(0);
    let a2 = f32x4.splat(0);
    let a3 = f32x4.splat(0);
    let row = rows;
    for (let i = x; i < end; i += 16) {
      const s = v128.load(i);
      a0 = madd(a0, s, v128.load(row));
      a1 = madd(a1, s, v128.load(row + to1));
      a2 = madd(a2, s, v128.load(row + to2));
      a3 = madd(a3, s, v128.load(row + to3));
      row += 16;
    }
    const low01 = v128.shuffle<f32>(a0, a1, 0, 1, 4, 5);
    const low23 = v128.shuffle<f32>(a2, a3, 0, 1, 4, 5);
    const a01 = f32x4.add(low01, v128.shuffle<f32>(a0, a1, 2, 3, 6, 7));
    const a23 = f32x4.add(low23, v128.shuffle<f32>(a2, a3, 2, 3, 6, 7));
    const even = v128.shuffle<f32>(a01, a23, 0, 2, 4, 6);
    v128.store(y, f32x4.add(even, v128.shuffle<f32>(a01, a23, 1, 3, 5, 7)));
    y += 16;
    rows += stride << 2;
  }
}
