/*
 * The zero-order hold of the normalised LMU matrix, in float64: bindings/legendre/exponential.ts says why it is computed
 * this way. The same operations in the same order, hence the same bits; here because a host that has just started
 * interprets JavaScript, and wasm is compiled from its first call on.
 *
 * Matrices are [padded, padded], padded the order rounded up to a multiple of 4, with zeros beyond the order.
 */

const TERMS: u32 = 26;

/**
 * exp(scale · T⁻¹ A T) - I. Relative error (Frobenius) at most 1e-13.
 *
 * @param at - three matrices and two rows of scratch, f64[3 · padded² + 2 · padded]
 * @returns address of the result, within the scratch
 */
export function hold(at: usize, order: u32, scale: f64): usize {
  assert(at % 8 == 0, "at is not aligned");
  assert(order > 0, "order is 0");
  assert(scale >= 0 && scale <= f64.MAX_VALUE, "scale is no finite number from 0 on");
  const padded = (order + 3) & ~3;
  const row = padded << 3;
  const matrix = row * padded;
  memory.fill(at, 0, 3 * matrix + 2 * row);
  let squarings: u32 = 0;
  for (; <f64>(order * order) * scale > 2; squarings++) scale /= 2;
  let D = at;
  let free = at + matrix;
  const third = free + matrix;
  normalise(D, order, row, scale);
  addPowers(D, free, third, third + matrix, order, row, scale);
  for (; squarings > 0; squarings--) {
    transpose(third, D, order, row);
    double(free, D, third, order, row);
    const done = free;
    free = D;
    D = done;
  }
  return D;
}

/** 1, -1, 1, … */
function parity(i: u32): f64 {
  return <f64>(1 - <i32>((i & 1) << 1));
}

/** X = scale · T⁻¹ A T. */
function normalise(X: usize, order: u32, row: u32, scale: f64): void {
  for (let i: u32 = 0; i < order; i++) {
    for (let j: u32 = 0; j < order; j++) {
      const sign: f64 = i >= j ? -1 : -parity(j - i);
      const root = sqrt<f64>(<f64>((2 * i + 1) * (2 * j + 1)));
      store<f64>(X + i * row + (j << 3), sign * scale * root);
    }
  }
}

/** D ← D + the terms of the Taylor series from the second on. */
function addPowers(
  D: usize,
  term: usize,
  next: usize,
  sums: usize, // two rows
  order: u32,
  row: u32,
  scale: f64,
): void {
  const bytes = row * order;
  memory.copy(term, D, bytes);
  for (let j: u32 = 2; j <= TERMS; j++) {
    multiply(next, term, sums, sums + row, order, row, scale / <f64>j);
    for (let k: u32 = 0; k < bytes; k += 16) {
      v128.store(D + k, f64x2.add(v128.load(D + k), v128.load(next + k)));
    }
    const done = next;
    next = term;
    term = done;
  }
}

/** Y = scale · T⁻¹ A T · X, by two running sums per column. */
function multiply(
  Y: usize,
  X: usize,
  below: usize,
  above: usize,
  order: u32,
  row: u32,
  scale: f64,
): void {
  memory.fill(below, 0, 2 * row);
  for (let j: u32 = 0; j < order; j++) {
    const r = f64x2.splat(parity(j) * sqrt<f64>(<f64>(2 * j + 1)));
    for (let c: u32 = 0; c < row; c += 16) {
      const m = f64x2.mul(r, v128.load(X + j * row + c));
      v128.store(above + c, f64x2.add(v128.load(above + c), m));
    }
  }
  for (let i: u32 = 0; i < order; i++) {
    const root = sqrt<f64>(<f64>(2 * i + 1));
    const r = f64x2.splat(root);
    const sign = f64x2.splat(parity(i));
    const factor = f64x2.splat(-scale * root);
    for (let c: u32 = 0; c < row; c += 16) {
      const m = f64x2.mul(r, v128.load(X + i * row + c));
      const low = f64x2.add(v128.load(below + c), m);
      const high = f64x2.sub(v128.load(above + c), f64x2.mul(sign, m));
      v128.store(below + c, low);
      v128.store(above + c, high);
      v128.store(Y + i * row + c, f64x2.mul(factor, f64x2.add(low, f64x2.mul(sign, high))));
    }
  }
}

/** X[k][j] = (-1)^(k+j) D[j][k]: for a polynomial of T⁻¹ A T this is D itself, but for rounding. */
function transpose(X: usize, D: usize, order: u32, row: u32): void {
  for (let j: u32 = 0; j < order; j++) {
    for (let k: u32 = 0; k < order; k++) {
      store<f64>(X + k * row + (j << 3), parity(k + j) * load<f64>(D + j * row + (k << 3)));
    }
  }
}

/** Y = 2 D + D X, the entries below the diagonal, mirrored above it. Tiles of two rows by four columns. */
function double(Y: usize, D: usize, X: usize, order: u32, row: u32): void {
  for (let i: u32 = 0; i < order; i += 2) {
    const p = D + i * row;
    for (let j: u32 = 0; j <= i + 1; j += 4) {
      const column = j << 3;
      let p0 = f64x2.splat(0);
      let p1 = f64x2.splat(0);
      let q0 = f64x2.splat(0);
      let q1 = f64x2.splat(0);
      let x = X + column;
      for (let k: u32 = 0; k < order << 3; k += 8) {
        const x0 = v128.load(x);
        const x1 = v128.load(x, 16);
        const a = v128.load64_splat(p + k);
        const b = v128.load64_splat(p + row + k);
        p0 = f64x2.add(p0, f64x2.mul(a, x0));
        p1 = f64x2.add(p1, f64x2.mul(a, x1));
        q0 = f64x2.add(q0, f64x2.mul(b, x0));
        q1 = f64x2.add(q1, f64x2.mul(b, x1));
        x += row;
      }
      const y = Y + i * row + column;
      const d = p + column;
      v128.store(y, twicePlus(v128.load(d), p0));
      v128.store(y, twicePlus(v128.load(d, 16), p1), 16);
      v128.store(y + row, twicePlus(v128.load(d + row), q0));
      v128.store(y + row, twicePlus(v128.load(d + row, 16), q1), 16);
    }
  }
  for (let i: u32 = 0; i < order; i++) {
    for (let j: u32 = 0; j < i; j++) {
      store<f64>(Y + j * row + (i << 3), parity(i + j) * load<f64>(Y + i * row + (j << 3)));
    }
  }
}

function twicePlus(d: v128, sum: v128): v128 {
  return f64x2.add(f64x2.add(d, d), sum);
}
