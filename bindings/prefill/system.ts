/** A · B of f64[rows, inner] and f64[inner, columns]. */
export function product(A: Float64Array, B: Float64Array, inner: number): Float64Array {
  const rows = A.length / inner;
  const columns = B.length / inner;
  const C = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    const row = C.subarray(i * columns, (i + 1) * columns);
    for (let k = 0; k < inner; k++) {
      const a = A[i * inner + k]!;
      if (a === 0) continue;
      const first = k * columns;
      for (let j = 0; j < columns; j++) row[j]! += a * B[first + j]!;
    }
  }
  return C;
}

/** One step of a memory: c ← c + D c + B u, f64[order, order] and f64[order]. */
export interface System {
  readonly order: number;
  readonly D: Float64Array;
  readonly B: Float64Array;
}

/** Ā^L - I, L a power of two: (I + D)² = I + 2 D + D². */
export function powerOf({ order, D }: System, L: number): Float64Array {
  let power = D;
  for (let l = 1; l < L; l *= 2) {
    const square = product(power, power, order);
    power = power.map((value, i) => 2 * value + square[i]!);
  }
  return power;
}

/** B̄, Ā B̄, Ā² B̄, …: f64[count, order], what is left of an input after j steps. */
export function responses({ order, D, B }: System, count: number): Float64Array {
  const rows = new Float64Array(count * order);
  rows.set(B.subarray(0, count ? order : 0));
  for (let j = 1; j < count; j++) {
    const before = rows.subarray((j - 1) * order, j * order);
    for (let i = 0; i < order; i++) {
      const row = i * order;
      // Two sums: one alone waits for itself.
      let [even, odd] = [before[i]!, 0];
      for (let k = 0; k < order - 1; k += 2) {
        even += D[row + k]! * before[k]!;
        odd += D[row + k + 1]! * before[k + 1]!;
      }
      if (order % 2) even += D[row + order - 1]! * before[order - 1]!;
      rows[j * order + i] = even + odd;
    }
  }
  return rows;
}

/** W Ā for f64[rows, order]. */
export function stepped(W: Float64Array, { order, D }: System): Float64Array {
  return product(W, D, order).map((value, i) => value + W[i]!);
}
