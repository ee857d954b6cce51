import { madd } from "../simd/f32x4";

/**
 * y[i][j] = Σ_k a[k][i] · b[k][j]: products of the columns of two matrices, k in order. Error: count · 2^-23 · Σ |a · b|.
 */
export function gram(
  y: usize, // f32[size][size]
  a: usize, // f32[count][size], stride bytes apart
  b: usize, // f32[count][size], stride bytes apart
  stride: u32,
  count: u32,
  size: u32, // a multiple of 4
): void {
  assert((y | a | b) % 4 == 0, "an array is not aligned");
  assert(size % 4 == 0, "size is no multiple of 4");
  const bytes = size << 2;
  for (let i: u32 = 0; i < bytes; i += 16) {
    for (let j: u32 = 0; j < bytes; j += 16) {
      let y0 = f32x4.splat(0);
      let y1 = f32x4.splat(0);
      let y2 = f32x4.splat(0);
      let y3 = f32x4.splat(0);
      let x = a + i;
      let row = b + j;
      for (let k: u32 = 0; k < count; ++k) {
        const r = v128.load(row);
        y0 = madd(y0, r, v128.load32_splat(x));
        y1 = madd(y1, r, v128.load32_splat(x, 4));
        y2 = madd(y2, r, v128.load32_splat(x, 8));
        y3 = madd(y3, r, v128.load32_splat(x, 12));
        x += stride;
        row += stride;
      }
      const at = y + i * size + j;
      v128.store(at, y0);
      v128.store(at + bytes, y1);
      v128.store(at + 2 * bytes, y2);
      v128.store(at + 3 * bytes, y3);
    }
  }
}
