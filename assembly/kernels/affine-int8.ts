import { Integers } from "../simd/integers";
import { roundedBytes, roundRow } from "./round-row";

/*
 * y = init + W·x in integers of 8 bits: W has a scale per row, and so has every x, which is rounded on its way. Sums are exact, so
 * a row gives the same bits alone and among others.
 *
 * W is packed into panels as for affine.ts, four k at a time: inside a panel [k / 4][width][4] bytes. The multiplication of fixed-width SIMD
 * takes 16 bits, i.e. two weights: with u = w₀ + 128 as the low byte and w₁ as the high one,
 *
 *   lane · x₀ + (lane >> 8) · (x₁ - 256 x₀) = u x₀ + w₁ x₁
 *
 * in the arithmetic of 32 bits, however far its terms go beyond. So 16 weights take one load, one shift, two products. The 128 x₀ too
 * many are in where a sum starts; x is prepared by round-row.ts. Columns that fill up the last four may hold anything.
 *
 * Five operations for 16 weights bind it: 31 GB/s of weights with V8 13, 26 with V8 11, which spills two of eight sums. Halves of a panel
 * one after the other do not spill, and are 3 to 10 % faster with V8 11, 8 to 10 % slower with V8 13.
 */

/** Rows that are rounded at a time: enough to use a panel well while it is in cache, few enough to stay there themselves. */
const ROWS: u32 = 16;

/**
 * y[i] = init[i] + W·x[i] for count rows.
 *
 * Error: within max|x| / 253 · Σ|W| + 2^-22 · (|init| + Σ|W| · max|x|) of the exact value (test/affine-int8.test.ts); NaN
 * where an x is not finite.
 * Aliasing: y may be init (accumulate in place); y must not overlap x.
 */
export function affineInt8(
  y: usize, // f32[count][rows], yStride bytes apart
  yStride: u32,
  init: usize, // f32[count][rows], initStride bytes apart; stride 0 repeats one bias
  initStride: u32,
  x: usize, // f32[count][columns], xStride bytes apart
  xStride: u32,
  count: u32,
  W: usize, // int8 panels, rows × columns up to a multiple of 4
  columns: u32, // at most 2^17: no sum leaves 32 bits
  rows: u32, // a multiple of 4
  scales: usize, // f32[rows]
  scratch: usize, // [min(count, 16)][16 + 2 · columns up to a multiple of 8]
): void {
  assert((y | init | x | W | scales | scratch) % 4 == 0, "an array is not aligned");
  assert((yStride | initStride | xStride) % 4 == 0, "a stride is not aligned");
  assert(rows % 4 == 0, "rows is no multiple of 4");
  assert(columns <= 1 << 17, "a sum may overflow");
  const bytes = roundedBytes(columns);
  while (count) {
    const some = min(count, ROWS);
    for (let i: u32 = 0; i < some; ++i, x += xStride) roundRow(scratch + i * bytes, x, columns);
    multiplyRows(y, yStride, init, initStride, scratch, bytes, some, W, columns, rows, scales);
    y += some * yStride;
    init += some * initStride;
    count -= some;
  }
}

/** All outputs of rounded rows, of an even number of them two at a time. */
function multiplyRows(
  y: usize,
  yStride: u32,
  init: usize,
  initStride: u32,
  x: usize,
  xStride: u32,
  count: u32,
  W: usize,
  columns: u32,
  rows: u32,
  scales: usize,
): void {
  const used = ((columns + 3) & ~3) << 1; // bytes of x
  const pairs = count & ~1;
  const panels = pairs ? rows & ~15 : 0;
  // A panel stays in cache while all rows pass by. The two halves of one of 32 interleave; the one of 16, if any, is the last.
  for (let row: u32 = 0; row < panels; row += 16) {
    const step = (row | 31) < panels ? 128 : 64;
    const panel =
      step == 128 ? W + (((row & ~31) * used) >> 1) + ((row & 16) << 2) : W + ((row * used) >> 1);
    const at: u32 = row << 2;
    for (let i: u32 = 0; i < pairs; i += 2) {
      tile2x16(
        y + at + i * yStride,
        yStride,
        init + at + i * initStride,
        initStride,
        x + i * xStride,
        xStride,
        used,
        panel,
        step,
        scales + at,
      );
    }
  }
  for (let i: u32 = 0; i < count; ++i) {
    const done = i < pairs ? panels : 0;
    const at = done << 2;
    multiplyRow(y + at, init + at, x, used, W + ((done * used) >> 1), rows - done, scales + at);
    y += yStride;
    init += initStride;
    x += xStride;
  }
}

/** One row: panels of 32, then 16, 8, 4. */
function multiplyRow(
  y: usize,
  init: usize,
  x: usize,
  used: u32,
  W: usize,
  rows: u32,
  scales: usize,
): void {
  for (; rows >= 32; rows -= 32) {
    panel32(y, init, x, used, W, scales);
    y += 128;
    init += 128;
    scales += 128;
    W += used << 4;
  }
  if (rows & 16) {
    panel16(y, init, x, used, W, scales);
    y += 64;
    init += 64;
    scales += 64;
    W += used << 3;
  }
  // A panel of 8 in two halves.
  if (rows & 8) {
    panel4(y, init, x, used, W, 32, scales);
    panel4(y + 16, init + 16, x, used, W + 16, 32, scales + 16);
    y += 32;
    init += 32;
    scales += 32;
    W += used << 2;
  }
  if (rows & 4) panel4(y, init, x, used, W, 16, scales);
}

/** 32 outputs of one row. */
function panel32(y: usize, init: usize, x: usize, used: u32, W: usize, scales: usize): void {
  const scale = v128.load32_splat(x);
  let a0 = v128.load32_splat(x, 4);
  let a1 = a0;
  let a2 = a0;
  let a3 = a0;
  let a4 = a0;
  let a5 = a0;
  let a6 = a0;
  let a7 = a0;
  x += 16;
  for (const end = x + used; x < end; x += 8) {
    const low = v128.load32_splat(x);
    const high = v128.load32_splat(x, 4);
    a0 = Integers.add(a0, v128.load(W), low, high);
    a1 = Integers.add(a1, v128.load(W, 16), low, high);
    a2 = Integers.add(a2, v128.load(W, 32), low, high);
    a3 = Integers.add(a3, v128.load(W, 48), low, high);
    a4 = Integers.add(a4, v128.load(W, 64), low, high);
    a5 = Integers.add(a5, v128.load(W, 80), low, high);
    a6 = Integers.add(a6, v128.load(W, 96), low, high);
    a7 = Integers.add(a7, v128.load(W, 112), low, high);
    W += 128;
  }
  Integers.store(y, init, scales, scale, a0);
  Integers.store(y + 16, init + 16, scales + 16, scale, a1);
  Integers.store(y + 32, init + 32, scales + 32, scale, a2);
  Integers.store(y + 48, init + 48, scales + 48, scale, a3);
  Integers.store(y + 64, init + 64, scales + 64, scale, a4);
  Integers.store(y + 80, init + 80, scales + 80, scale, a5);
  Integers.store(y + 96, init + 96, scales + 96, scale, a6);
  Integers.store(y + 112, init + 112, scales + 112, scale, a7);
}

/** 16 outputs of one row. */
function panel16(y: usize, init: usize, x: usize, used: u32, W: usize, scales: usize): void {
  const scale = v128.load32_splat(x);
  let a0 = v128.load32_splat(x, 4);
  let a1 = a0;
  let a2 = a0;
  let a3 = a0;
  x += 16;
  for (const end = x + used; x < end; x += 8) {
    const low = v128.load32_splat(x);
    const high = v128.load32_splat(x, 4);
    a0 = Integers.add(a0, v128.load(W), low, high);
    a1 = Integers.add(a1, v128.load(W, 16), low, high);
    a2 = Integers.add(a2, v128.load(W, 32), low, high);
    a3 = Integers.add(a3, v128.load(W, 48), low, high);
    W += 64;
  }
  Integers.store(y, init, scales, scale, a0);
  Integers.store(y + 16, init + 16, scales + 16, scale, a1);
  Integers.store(y + 32, init + 32, scales + 32, scale, a2);
  Integers.store(y + 48, init + 48, scales + 48, scale, a3);
}

/** 4 outputs of one row, of a panel with so many bytes from four k to the next. */
function panel4(
  y: usize,
  init: usize,
  x: usize,
  used: u32,
  W: usize,
  step: u32,
  scales: usize,
): void {
  const scale = v128.load32_splat(x);
  let a = v128.load32_splat(x, 4);
  x += 16;
  for (const end = x + used; x < end; x += 8) {
    a = Integers.add(a, v128.load(W), v128.load32_splat(x), v128.load32_splat(x, 4));
    W += step;
  }
  Integers.store(y, init, scales, scale, a);
}

/** Two rows × 16 outputs. */
function tile2x16(
  y: usize,
  yStride: u32,
  init: usize,
  initStride: u32,
  x: usize,
  xStride: u32,
  used: u32,
  W: usize,
  step: u32, // bytes from four k to the next in W
  scales: usize,
): void {
  let z = x + xStride;
  const scale = v128.load32_splat(x);
  const scale2 = v128.load32_splat(z);
  let a0 = v128.load32_splat(x, 4);
  let a1 = a0;
  let a2 = a0;
  let a3 = a0;
  let b0 = v128.load32_splat(z, 4);
  let b1 = b0;
  let b2 = b0;
  let b3 = b0;
  x += 16;
  z += 16;
  for (const end = x + used; x < end; x += 8) {
    const low = v128.load32_splat(x);
    const high = v128.load32_splat(x, 4);
    const low2 = v128.load32_splat(z);
    const high2 = v128.load32_splat(z, 4);
    let w = v128.load(W);
    a0 = Integers.add(a0, w, low, high);
    b0 = Integers.add(b0, w, low2, high2);
    w = v128.load(W, 16);
    a1 = Integers.add(a1, w, low, high);
    b1 = Integers.add(b1, w, low2, high2);
    w = v128.load(W, 32);
    a2 = Integers.add(a2, w, low, high);
    b2 = Integers.add(b2, w, low2, high2);
    w = v128.load(W, 48);
    a3 = Integers.add(a3, w, low, high);
    b3 = Integers.add(b3, w, low2, high2);
    z += 8;
    W += step;
  }
  Integers.store(y, init, scales, scale, a0);
  Integers.store(y + 16, init + 16, scales + 16, scale, a1);
  Integers.store(y + 32, init + 32, scales + 32, scale, a2);
  Integers.store(y + 48, init + 48, scales + 48, scale, a3);
  y += yStride;
  init += initStride;
  Integers.store(y, init, scales, scale2, b0);
  Integers.store(y + 16, init + 16, scales + 16, scale2, b1);
  Integers.store(y + 32, init + 32, scales + 32, scale2, b2);
  Integers.store(y + 48, init + 48, scales + 48, scale2, b3);
}

/** One row of W in floats. Exact: scales have 17 bits. */
export function unpackInt8(
  y: usize, // f32[columns]
  W: usize, // the first four k of the row
  step: u32, // bytes from four k to the next
  columns: u32,
  scale: f32,
): void {
  for (let k: u32 = 0; k < columns; ++k) {
    const byte = load<u8>(W + (k >> 2) * step + (k & 3));
    store<f32>(y + (k << 2), scale * <f32>(<i8>(k & 1 ? byte : byte ^ 128)));
  }
}
