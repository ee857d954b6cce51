import type { Discretization } from "../../legendre.js";

/*
 * Steps of any linear system x' = A x + B u. The LMU's own matrices have better ways (legendre.ts); this one is for
 * continuous matrices that a file brings along, learned ones among them. Everything in f64.
 */

/** The Taylor series of the exponential of a matrix of norm 1 at most is exact to rounding after so many terms. */
const TERMS = 18;

/**
 * Ā - I and B̄ of a step, as the columns of one matrix [order + 1, order + 1] whose last row is zero.
 *
 * @param A - dt A, [order, order] row by row
 * @param B - dt B, [order]
 */
export function discretizeSystem(
  order: number,
  A: ArrayLike<number>,
  B: ArrayLike<number>,
  method: Discretization,
): Float64Array {
  const size = order + 1;
  // Under every rule, the step of (A B; 0 0) holds both Ā and B̄.
  const X = new Float64Array(size * size);
  for (let i = 0; i < order; i++) {
    for (let j = 0; j < order; j++) X[i * size + j] = A[i * order + j]!;
    X[i * size + order] = B[i]!;
  }
  if (method === "zoh") return exponentialMinusIdentity(size, X);
  if (method === "bilinear") return solve(size, halfStep(size, X), X);
  return X;
}

/**
 * Products of matrices that a step takes, each (order + 1)³ multiplications: a file must not ask for more than its size
 * allows.
 *
 * @param A - dt A, [order, order] row by row
 */
export function productsOf(order: number, A: ArrayLike<number>, method: Discretization): number {
  // Gauss' elimination of two matrices at once: one and a half, at less than half the speed of products beyond the caches.
  if (method !== "zoh") return method === "bilinear" ? 4 : 0;
  return TERMS - 1 + squaringsOf(order, A);
}

/** Halvings after which the absolute values of each row sum to 1 at most. */
function squaringsOf(size: number, X: ArrayLike<number>): number {
  let norm = 0;
  for (let i = 0; i < size; i++) {
    let sum = 0;
    for (let j = 0; j < size; j++) sum += Math.abs(X[i * size + j]!);
    norm = Math.max(norm, sum);
  }
  let squarings = 0;
  for (; norm > 1 && squarings < 64; norm /= 2) squarings++;
  return squarings;
}

/** exp(X) - I: X halved until it is small, the series, then D ← 2 D + D², which keeps small entries exact. */
function exponentialMinusIdentity(size: number, X: Float64Array): Float64Array {
  let squarings = squaringsOf(size, X);
  const scaled = X.map((value) => value / 2 ** squarings);
  let D: Float64Array = scaled.slice();
  let term: Float64Array = scaled;
  for (let j = 2; j <= TERMS; j++) {
    term = product(size, term, scaled).map((value) => value / j);
    D = D.map((value, at) => value + term[at]!);
  }
  for (; squarings > 0; squarings--) {
    const square = product(size, D, D);
    D = D.map((value, at) => 2 * value + square[at]!);
  }
  return D;
}

/** Four rows of B at a time, one addition after the other as with one: half the time at order 512. */
function product(size: number, A: Float64Array, B: Float64Array): Float64Array {
  const C = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    const row = i * size;
    let k = 0;
    for (; k + 4 <= size; k += 4) {
      const [a, b, c, d] = [A[row + k]!, A[row + k + 1]!, A[row + k + 2]!, A[row + k + 3]!];
      let from = k * size;
      for (let at = row; at < row + size; at++, from++) {
        C[at] =
          C[at]! +
          a * B[from]! +
          b * B[from + size]! +
          c * B[from + 2 * size]! +
          d * B[from + 3 * size]!;
      }
    }
    for (; k < size; k++) {
      const a = A[row + k]!;
      for (let j = 0; j < size; j++) C[row + j]! += a * B[k * size + j]!;
    }
  }
  return C;
}

/** I - X / 2. */
function halfStep(size: number, X: Float64Array): Float64Array {
  return X.map((value, at) => (at % (size + 1) === 0 ? 1 : 0) - value / 2);
}

/** M⁻¹ X by elimination with row exchanges; M is overwritten. */
function solve(size: number, M: Float64Array, right: Float64Array): Float64Array {
  const X = right.slice();
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++) {
      const isLarger = Math.abs(M[row * size + column]!) > Math.abs(M[pivot * size + column]!);
      if (isLarger) pivot = row;
    }
    exchange(size, M, column, pivot);
    exchange(size, X, column, pivot);
    for (let row = 0; row < size; row++) {
      const factor = M[row * size + column]! / M[column * size + column]!;
      if (row === column || factor === 0) continue;
      for (let j = column; j < size; j++) M[row * size + j]! -= factor * M[column * size + j]!;
      for (let j = 0; j < size; j++) X[row * size + j]! -= factor * X[column * size + j]!;
    }
  }
  return X.map((value, at) => value / M[Math.floor(at / size) * (size + 1)]!);
}

function exchange(size: number, M: Float64Array, a: number, b: number): void {
  if (a === b) return;
  const row = M.slice(a * size, (a + 1) * size);
  M.copyWithin(a * size, b * size, (b + 1) * size);
  M.set(row, b * size);
}
