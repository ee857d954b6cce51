/** One sample of a least-squares problem. */
export interface Row {
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** How much its square counts. @defaultValue 1 */
  readonly weight?: number;
}

/**
 * Weights that make Σ weight |y - W x|² + Σ penaltyᵢ |Wᵢ|² least, by the normal equations and elimination with pivots, as a
 * textbook has it: [targets][features].
 */
export function leastSquares(rows: readonly Row[], penalties: readonly number[]): number[][] {
  const size = penalties.length;
  const targets = rows[0]!.y.length;
  const M = penalties.map((penalty, i) =>
    Array.from({ length: size + targets }, (_, j) => (i === j ? penalty : 0)),
  );
  for (const { x, y, weight = 1 } of rows) {
    const all = [...x, ...y];
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < all.length; j++) M[i]![j]! += weight * x[i]! * all[j]!;
    }
  }
  for (let k = 0; k < size; k++) {
    let best = k;
    for (let i = k; i < size; i++) if (Math.abs(M[i]![k]!) > Math.abs(M[best]![k]!)) best = i;
    [M[k], M[best]] = [M[best]!, M[k]!];
    for (let i = 0; i < size; i++) {
      if (i === k) continue;
      const factor = M[i]![k]! / M[k]![k]!;
      for (let j = k; j < size + targets; j++) M[i]![j]! -= factor * M[k]![j]!;
    }
  }
  return Array.from({ length: targets }, (_, t) => M.map((row, k) => row[size + t]! / row[k]!));
}
