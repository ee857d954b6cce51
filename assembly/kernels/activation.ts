import { select } from "../simd/f32x4";
import { Lanes } from "../simd/lanes";

/*
 * Elementwise functions in place over f32[count]; count is a multiple of 4 and padding is harmless.
 * Error bounds of the transcendental ones stand in simd/lanes.ts. The others round once per operation, which for slopes
 * and scales up to 2 comes to 2e-7·max(1, |x|) at most. `parameters` points at f32[4]. All: test/activation.test.ts.
 *
 * tanh and sigmoid, which recurrent cells wait for, take two vectors at a time, whose long chains of operations overlap
 * (5 to 17 % faster); of an odd number the last is its own pair.
 */

/** One past f32[count]. */
export function endOf(at: usize, count: u32): usize {
  assert(at % 4 == 0, "at is not aligned");
  assert(count % 4 == 0, "count is no multiple of 4");
  return at + count * sizeof<f32>();
}

export function tanh(at: usize, count: u32): void {
  const end = endOf(at, count);
  for (; at < end; at += 32) {
    const next = min(at + 16, end - 16);
    const a = Lanes.tanh(v128.load(at));
    const b = Lanes.tanh(v128.load(next));
    v128.store(at, a);
    v128.store(next, b);
  }
}

export function sigmoid(at: usize, count: u32): void {
  const end = endOf(at, count);
  for (; at < end; at += 32) {
    const next = min(at + 16, end - 16);
    const a = Lanes.sigmoid(v128.load(at));
    const b = Lanes.sigmoid(v128.load(next));
    v128.store(at, a);
    v128.store(next, b);
  }
}

/** max(x, 0). */
export function relu(at: usize, count: u32): void {
  for (const end = endOf(at, count); at < end; at += 16) {
    v128.store(at, f32x4.max(v128.load(at), f32x4.splat(0)));
  }
}

/** Leaky, bounded and thresholded ReLU: slope·(x - threshold) below threshold, x up to limit. parameters: slope, threshold, limit. */
export function reluGeneral(at: usize, count: u32, parameters: usize): void {
  const slope = v128.load32_splat(parameters);
  const threshold = v128.load32_splat(parameters, 4);
  const limit = v128.load32_splat(parameters, 8);
  for (const end = endOf(at, count); at < end; at += 16) {
    const x = v128.load(at);
    const below = f32x4.mul(slope, f32x4.sub(x, threshold));
    v128.store(at, select(f32x4.lt(x, threshold), below, f32x4.min(x, limit)));
  }
}

/** scale·x + shift held within low … high: hard sigmoids, hard tanh. parameters: scale, shift, low, high. */
export function clamp(at: usize, count: u32, parameters: usize): void {
  const scale = v128.load32_splat(parameters);
  const shift = v128.load32_splat(parameters, 4);
  const low = v128.load32_splat(parameters, 8);
  const high = v128.load32_splat(parameters, 12);
  for (const end = endOf(at, count); at < end; at += 16) {
    const y = f32x4.add(f32x4.mul(v128.load(at), scale), shift);
    v128.store(at, f32x4.pmax(f32x4.pmin(y, high), low));
  }
}
