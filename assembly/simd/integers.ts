/** What kernels of integers do with four outputs at a time. Static methods, as in lanes.ts. */
export abstract class Integers {
  /** sum + 16 weights · 4 integers. */
  @inline static add(sum: v128, w: v128, low: v128, high: v128): v128 {
    sum = i32x4.add(sum, i32x4.dot_i16x8_s(w, low));
    return i32x4.add(sum, i32x4.dot_i16x8_s(i16x8.shr_s(w, 8), high));
  }

  /** y = init + scale of the outputs · scale of the row · sum. Error: three roundings, and that of the sum. */
  @inline static store(y: usize, init: usize, scales: usize, scale: v128, sum: v128): void {
    const factor = f32x4.mul(v128.load(scales), scale);
    v128.store(y, f32x4.add(v128.load(init), f32x4.mul(factor, f32x4.convert_i32x4_s(sum))));
  }
}
