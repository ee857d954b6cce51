import * as C from "../simd/constants";
import { maxLane, sumLanes } from "../simd/f32x4";
import { Lanes } from "../simd/lanes";

/*
 * Over one row f32[width], in place. The row may be padded to a multiple of 4: the padding is set to the least float,
 * so that it adds nothing. Four partial sums, then (0 + 2) + (1 + 3): the order depends on the width alone.
 */

/** e^x / Σ e^x. Error, relative: (6 + highest - x + width) · 2^-24, of results above 2^-100. */
export function softmax(at: usize, width: u32): void {
  assert(at % 4 == 0, "at is not aligned");
  assert(width > 0, "width is 0");
  const end = at + (((width + 3) & ~3) << 2);
  const sum = exponentials(at, width, end);
  const scale = f32x4.splat(1 / sum);
  for (; at < end; at += 16) v128.store(at, f32x4.mul(v128.load(at), scale));
}

/** x - ln Σ e^x. Error: 3e-7·max(1, |x|, |y|) + width · 2^-24. */
export function logSoftmax(at: usize, width: u32): void {
  assert(at % 4 == 0, "at is not aligned");
  assert(width > 0, "width is 0");
  const end = at + (((width + 3) & ~3) << 2);
  const top = f32x4.splat(highest(at, width, end));
  let total = f32x4.splat(0);
  for (let x = at; x < end; x += 16) {
    total = f32x4.add(total, Lanes.expFalling(f32x4.sub(v128.load(x), top)));
  }
  const logSum = log(sumLanes(total));
  for (; at < end; at += 16) {
    v128.store(at, f32x4.sub(f32x4.sub(v128.load(at), top), logSum));
  }
}

/** Largest element; the padding becomes -infinity. */
function highest(at: usize, width: u32, end: usize): f32 {
  for (let pad = at + (width << 2); pad < end; pad += 4) store<f32>(pad, -f32.MAX_VALUE);
  let top = v128.load(at);
  for (let x = at + 16; x < end; x += 16) top = f32x4.max(top, v128.load(x));
  return maxLane(top);
}

/** x becomes e^(x - highest); returns the sum. */
function exponentials(at: usize, width: u32, end: usize): f32 {
  const top = f32x4.splat(highest(at, width, end));
  let total = f32x4.splat(0);
  for (; at < end; at += 16) {
    const e = Lanes.expFalling(f32x4.sub(v128.load(at), top));
    total = f32x4.add(total, e);
    v128.store(at, e);
  }
  return sumLanes(total);
}

/** ln x in every lane, for a normal x >= 1: the exponent times ln 2 plus ln of the significand. */
function log(x: f32): v128 {
  const bits = reinterpret<u32>(x);
  const exponent = <f32>(<i32>(bits >> 23) - 127);
  const significand = f32x4.splat(reinterpret<f32>((bits & 0x7fffff) | 0x3f800000));
  const fraction = Lanes.log1p(f32x4.sub(significand, v128.load(C.ONE)));
  return f32x4.add(f32x4.mul(f32x4.splat(exponent), v128.load(C.LN2)), fraction);
}
