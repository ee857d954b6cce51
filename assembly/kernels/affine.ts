import { madd } from "../simd/f32x4";

/*
 * y = init + W·x for one or many rows x, in the canonical reduction: every output is one accumulator that takes
 * k = 0, 1, 2 … in order, multiply then add. So a row gives the same bits alone (matvec) and among others (tiles).
 *
 * W is packed once, at load, into panels of 32 output rows and then 16, 8 and 4 as the remainder needs:
 * inside a panel [k][width], so that a matvec reads one forward stream and needs no horizontal sum.
 * A panel that starts at output row r begins r·columns floats into W.
 *
 * Eight accumulators at most: V8 before 13 spills the ninth (measured 0.5x). No touch-ahead: it loses 17 to 40 %.
 */

/**
 * y[i] = init[i] + W·x[i] for count rows.
 *
 * Error: within columns · 2^-23 · (|init| + |W|·|x|) of the exact value (test/affine.test.ts).
 * Aliasing: y may be init (accumulate in place); y must not overlap x.
 */
export function affine(
  y: usize, // f32[count][rows], yStride bytes apart
  yStride: u32,
  init: usize, // f32[count][rows], initStride bytes apart; stride 0 repeats one bias
  initStride: u32,
  x: usize, // f32[count][columns], xStride bytes apart
  xStride: u32,
  count: u32,
  W: usize, // f32 panels, rows × columns
  columns: u32,
  rows: u32, // a multiple of 4; padding rows of W are zero
): void {
  assert((y | init | x | W) % 4 == 0, "an array is not aligned");
  // Of one row alone strides may be anything.
  assert(count < 2 || (yStride | initStride | xStride) % 4 == 0, "a stride is not aligned");
  assert(rows % 4 == 0, "rows is no multiple of 4");
  if (!ASC_NO_ASSERT) expectApart(y, yStride, x, xStride, count, columns << 2, rows << 2);
  const pairs = count & ~1;
  const panels = rows & ~15;
  if (pairs) affinePairs(y, yStride, init, initStride, x, xStride, pairs, W, columns, panels);
  const tail: u32 = panels * sizeof<f32>();
  const tailW = W + tail * columns;
  for (let i: u32 = 0; i < pairs; ++i) {
    affineRow(y + tail, init + tail, x, tailW, columns, rows & 15);
    y += yStride;
    init += initStride;
    x += xStride;
  }
  if (count & 1) affineRow(y, init, x, W, columns, rows);
}

/** Asserts that no row of y touches the rows of x that are read with it or after it: two are read together. */
function expectApart(
  y: usize,
  yStride: u32,
  x: usize,
  xStride: u32,
  count: u32,
  xBytes: u32,
  yBytes: u32,
): void {
  for (let i: u32 = 0; i < count; ++i) {
    const row = y + i * yStride;
    for (let j = i & ~1; j < count; ++j) {
      const read = x + j * xStride;
      assert(row + yBytes <= read || read + xBytes <= row, "y overlaps x");
    }
  }
}

/** One row: panels of 32, then 16, 8, 4. */
function affineRow(y: usize, init: usize, x: usize, W: usize, columns: u32, rows: u32): void {
  const end = x + columns * sizeof<f32>();
  for (; rows >= 32; rows -= 32) {
    affinePanel32(y, init, x, end, W);
    y += 128;
    init += 128;
    W += columns * 128;
  }
  if (rows & 16) {
    let a0 = v128.load(init);
    let a1 = v128.load(init, 16);
    let a2 = v128.load(init, 32);
    let a3 = v128.load(init, 48);
    for (let k = x; k < end; k += 4) {
      const s = v128.load32_splat(k);
      a0 = madd(a0, v128.load(W), s);
      a1 = madd(a1, v128.load(W, 16), s);
      a2 = madd(a2, v128.load(W, 32), s);
      a3 = madd(a3, v128.load(W, 48), s);
      W += 64;
    }
    v128.store(y, a0);
    v128.store(y, a1, 16);
    v128.store(y, a2, 32);
    v128.store(y, a3, 48);
    y += 64;
    init += 64;
  }
  if (rows & 8) {
    let a0 = v128.load(init);
    let a1 = v128.load(init, 16);
    for (let k = x; k < end; k += 4) {
      const s = v128.load32_splat(k);
      a0 = madd(a0, v128.load(W), s);
      a1 = madd(a1, v128.load(W, 16), s);
      W += 32;
    }
    v128.store(y, a0);
    v128.store(y, a1, 16);
    y += 32;
    init += 32;
  }
  if (rows & 4) {
    let a0 = v128.load(init);
    for (let k = x; k < end; k += 4) {
      a0 = madd(a0, v128.load(W), v128.load32_splat(k));
      W += 16;
    }
    v128.store(y, a0);
  }
}

/** 32 outputs of one row. Two k per turn: without it V8 11 and 12 spill (17 against 33 GFLOP/s). */
function affinePanel32(y: usize, init: usize, k: usize, end: usize, W: usize): void {
  let a0 = v128.load(init);
  let a1 = v128.load(init, 16);
  let a2 = v128.load(init, 32);
  let a3 = v128.load(init, 48);
  let a4 = v128.load(init, 64);
  let a5 = v128.load(init, 80);
  let a6 = v128.load(init, 96);
  let a7 = v128.load(init, 112);
  if ((end - k) & 4) {
    const s = v128.load32_splat(k);
    a0 = madd(a0, v128.load(W), s);
    a1 = madd(a1, v128.load(W, 16), s);
    a2 = madd(a2, v128.load(W, 32), s);
    a3 = madd(a3, v128.load(W, 48), s);
    a4 = madd(a4, v128.load(W, 64), s);
    a5 = madd(a5, v128.load(W, 80), s);
    a6 = madd(a6, v128.load(W, 96), s);
    a7 = madd(a7, v128.load(W, 112), s);
    W += 128;
    k += 4;
  }
  for (; k < end; k += 8) {
    let s = v128.load32_splat(k);
    a0 = madd(a0, v128.load(W), s);
    a1 = madd(a1, v128.load(W, 16), s);
    a2 = madd(a2, v128.load(W, 32), s);
    a3 = madd(a3, v128.load(W, 48), s);
    a4 = madd(a4, v128.load(W, 64), s);
    a5 = madd(a5, v128.load(W, 80), s);
    a6 = madd(a6, v128.load(W, 96), s);
    a7 = madd(a7, v128.load(W, 112), s);
    s = v128.load32_splat(k, 4);
    a0 = madd(a0, v128.load(W, 128), s);
    a1 = madd(a1, v128.load(W, 144), s);
    a2 = madd(a2, v128.load(W, 160), s);
    a3 = madd(a3, v128.load(W, 176), s);
    a4 = madd(a4, v128.load(W, 192), s);
    a5 = madd(a5, v128.load(W, 208), s);
    a6 = madd(a6, v128.load(W, 224), s);
    a7 = madd(a7, v128.load(W, 240), s);
    W += 256;
  }
  v128.store(y, a0);
  v128.store(y, a1, 16);
  v128.store(y, a2, 32);
  v128.store(y, a3, 48);
  v128.store(y, a4, 64);
  v128.store(y, a5, 80);
  v128.store(y, a6, 96);
  v128.store(y, a7, 112);
}

/** The whole panels of an even number of rows: a panel stays in cache while all rows pass by, two at a time. */
function affinePairs(
  y: usize,
  yStride: u32,
  init: usize,
  initStride: u32,
  x: usize,
  xStride: u32,
  count: u32,
  W: usize,
  columns: u32,
  rows: u32, // a multiple of 16
): void {
  for (let row: u32 = 0; row < rows; row += 16) {
    // The two halves of a 32-row panel interleave; the 16-row panel, if any, is the last.
    const step = (row | 31) < rows ? 128 : 64;
    const at: u32 = row * sizeof<f32>();
    const panel = W + (step == 128 ? (row & ~31) * columns + (row & 16) : row * columns) * 4;
    let yRow = y + at;
    let initRow = init + at;
    let xRow = x;
    for (let i: u32 = 0; i < count; i += 2) {
      affineTile2x16(yRow, yStride, initRow, initStride, xRow, xStride, panel, step, columns);
      yRow += yStride << 1;
      initRow += initStride << 1;
      xRow += xStride << 1;
    }
  }
}

/** Two rows × 16 outputs. The inner loop is not unrolled by hand: V8 does, and more locals spill. */
function affineTile2x16(
  y: usize,
  yStride: u32,
  init: usize,
  initStride: u32,
  x: usize,
  xStride: u32,
  W: usize,
  step: u32, // bytes from one k to the next in W
  columns: u32,
): void {
  let a0 = v128.load(init);
  let a1 = v128.load(init, 16);
  let a2 = v128.load(init, 32);
  let a3 = v128.load(init, 48);
  init += initStride;
  let b0 = v128.load(init);
  let b1 = v128.load(init, 16);
  let b2 = v128.load(init, 32);
  let b3 = v128.load(init, 48);
  const end = x + columns * sizeof<f32>();
  let x2 = x + xStride;
  for (; x < end; x += 4) {
    const s = v128.load32_splat(x);
    const t = v128.load32_splat(x2);
    let w = v128.load(W);
    a0 = madd(a0, w, s);
    b0 = madd(b0, w, t);
    w = v128.load(W, 16);
    a1 = madd(a1, w, s);
    b1 = madd(b1, w, t);
    w = v128.load(W, 32);
    a2 = madd(a2, w, s);
    b2 = madd(b2, w, t);
    w = v128.load(W, 48);
    a3 = madd(a3, w, s);
    b3 = madd(b3, w, t);
    x2 += 4;
    W += step;
  }
  v128.store(y, a0);
  v128.store(y, a1, 16);
  v128.store(y, a2, 32);
  v128.store(y, a3, 48);
  y += yStride;
  v128.store(y, b0);
  v128.store(y, b1, 16);
  v128.store(y, b2, 32);
  v128.store(y, b3, 48);
}
