import { madd } from "../simd/f32x4";

/**
 * y = y · fading + Σ weights[k] · x[k], k in order: rows mixed, one accumulator per element.
 *
 * Error: (count + 1) · 2^-23 · (|y · fading| + Σ |weight · x|).
 */
export function weigh(
  y: usize, // f32[width], in and out
  weights: usize, // f32[count]
  x: usize, // f32[count][width], stride bytes apart
  stride: u32,
  count: u32,
  width: u32, // a multiple of 4
  fading: f32,
): void {
  assert((y | weights | x) % 4 == 0, "an array is not aligned");
  assert(width % 4 == 0, "width is no multiple of 4");
  const end = weights + (count << 2);
  const f = f32x4.splat(fading);
  let i: u32 = 0;
  for (; i + 16 <= width; i += 16) {
    let a0 = f32x4.mul(v128.load(y), f);
    let a1 = f32x4.mul(v128.load(y, 16), f);
    let a2 = f32x4.mul(v128.load(y, 32), f);
    let a3 = f32x4.mul(v128.load(y, 48), f);
    let row = x;
    for (let w = weights; w < end; w += 4) {
      const s = v128.load32_splat(w);
      a0 = madd(a0, v128.load(row), s);
      a1 = madd(a1, v128.load(row, 16), s);
      a2 = madd(a2, v128.load(row, 32), s);
      a3 = madd(a3, v128.load(row, 48), s);
      row += stride;
    }
    v128.store(y, a0);
    v128.store(y, a1, 16);
    v128.store(y, a2, 32);
    v128.store(y, a3, 48);
    y += 64;
    x += 64;
  }
  for (; i < width; i += 4) {
    let a = f32x4.mul(v128.load(y), f);
    let row = x;
    for (let w = weights; w < end; w += 4) {
      a = madd(a, v128.load(row), v128.load32_splat(w));
      row += stride;
    }
    v128.store(y, a);
    y += 16;
    x += 16;
  }
}
