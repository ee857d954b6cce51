import { NormalisedProduct, TERMS } from "./product.js";

/** scale · T⁻¹ A T: entry (i, j) is -√((2i+1)(2j+1)), with sign (-1)^(i-j) above the diagonal. */
export function normalised(order: number, scale: number): Float64Array {
  const X = new Float64Array(order * order);
  for (let i = 0; i < order; i++) {
    for (let j = 0; j < order; j++) {
      const sign = i >= j || (j - i) % 2 === 0 ? -1 : 1;
      X[i * order + j] = sign * scale * Math.sqrt((2 * i + 1) * (2 * j + 1));
    }
  }
  return X;
}

/**
 * exp(scale · T⁻¹ A T) - I by Taylor series and squaring.
 *
 * The Frobenius norm of T⁻¹ A T is order²; it is halved until it is at most 2.
 * Squaring acts on D = exp - I, D ← 2 D + D², which keeps relative accuracy when theta is large.
 */
export function exponentialMinusIdentity(order: number, scale: number): Float64Array {
  let squarings = 0;
  while (order * order * scale > 2) {
    scale /= 2;
    squarings++;
  }
  let D: Float64Array = normalised(order, scale);
  let term: Float64Array = D.slice();
  const product = new NormalisedProduct(order, order);
  for (let j = 2; j <= TERMS; j++) {
    term = product.times(scale / j, term);
    for (let i = 0; i < D.length; i++) D[i]! += term[i]!;
  }
  for (; squarings > 0; squarings--) D = doubled(order, D);
  return D;
}

/**
 * 2 D + D². Every polynomial of T⁻¹ A T obeys D[j][i] = (-1)^(i-j) D[i][j]: half the entries need computing, and each
 * is a product of two rows. Two rows by two at a time, or loads dominate (order 256: 3x slower).
 */
function doubled(order: number, D: Float64Array): Float64Array {
  const alternating = D.map((d, at) => ((at % order) % 2 === 0 ? d : -d));
  const result = new Float64Array(D.length);
  const write = (i: number, j: number, sum: number): void => {
    const value = 2 * D[i * order + j]! + (j % 2 === 0 ? sum : -sum);
    result[i * order + j] = value;
    result[j * order + i] = (i - j) % 2 === 0 ? value : -value;
  };
  for (let i = 0; i < order; i += 2) {
    const p = i * order;
    const q = i + 1 < order ? p + order : p;
    for (let j = 0; j <= i; j += 2) {
      const r = j * order;
      const s = j + 1 < order ? r + order : r;
      let pr = 0;
      let ps = 0;
      let qr = 0;
      let qs = 0;
      for (let k = 0; k < order; k++) {
        const a = D[p + k]!;
        const b = D[q + k]!;
        const c = alternating[r + k]!;
        const d = alternating[s + k]!;
        pr += a * c;
        ps += a * d;
        qr += b * c;
        qs += b * d;
      }
      write(i, j, pr);
      if (j + 1 < order) write(i, j + 1, ps);
      if (i + 1 < order) write(i + 1, j, qr);
      if (i + 1 < order && j + 1 < order) write(i + 1, j + 1, qs);
    }
  }
  return result;
}
