/**
 * Coefficients of a part of a window: Σ cᵢ Pᵢ(y) = Σ mᵢ Pᵢ(centre + half · y), both on Legendre polynomials from -1, the
 * newest end, to 1. With half = 0 it is a point, and c₀ the value there.
 *
 * Clenshaw's recurrence whose argument is an operator: y · Pᵢ = ((i + 1) Pᵢ₊₁ + i Pᵢ₋₁) / (2i + 1) acts on coefficients.
 * Nothing cancels, however small the part is. Rational arithmetic, O(order) for a point, else O(order²).
 *
 * @param work - m, f64[order], then scratch, f64[2][order + 1]
 * @returns where in work c is, f64[order + 1], the last 0
 */
export function partOf(work: Float64Array, order: number, centre: number, half: number): number {
  let p = order;
  let q = p + order + 1;
  work.fill(0, p, q + order + 1);
  for (let k = order - 1; k >= 0; k--) {
    const first = (2 * k + 1) / (k + 1);
    const second = (k + 1) / (k + 2);
    // The degree so far.
    const last = half && order - 1 - k;
    for (let i = 0; i <= last; i++) {
      const below = i && (i / (2 * i - 1)) * work[p + i - 1]!;
      const moved = below + ((i + 1) / (2 * i + 3)) * work[p + i + 1]!;
      work[q + i] = first * (centre * work[p + i]! + half * moved) - second * work[q + i]!;
    }
    work[q]! += work[k]!;
    [p, q] = [q, p];
  }
  return p;
}
