/**
 * Ā - I, and B̄ if there is a column for it, of two steps made one: 2 D + D², 2 B + D B. On D, not on Ā, because it keeps what is
 * small beside I.
 *
 * @param D - f64[order, columns], columns being order, or one more with B̄
 */
export function twice(D: Float64Array, order: number, columns: number): Float64Array {
  const result = D.map((value) => 2 * value);
  for (let i = 0; i < order; i++) {
    const row = i * columns;
    for (let k = 0; k < order; k++) {
      const factor = D[row + k]!;
      const other = k * columns;
      for (let j = 0; j < columns; j++) result[row + j]! += factor * D[other + j]!;
    }
  }
  return result;
}
