/**
 * The normal equations of a least-squares problem as their Cholesky factor: R upper triangular with Rᵀ R = Σ x xᵀ, and beside
 * it Z with Rᵀ Z = Σ x yᵀ, so that R w = Z.
 *
 * Rows come in one by one through Givens rotations, which leave a factor whatever happens: nothing can lose its symmetry or
 * become indefinite, as the matrix of the usual recursion does in long runs, and the sums, whose condition is that of R
 * squared, are never formed. Additions, products, quotients and square roots alone: the same bits on every engine.
 */
export class Triangle {
  /** Columns of R. */
  readonly size: number;
  /** Columns of Z. */
  readonly targets: number;
  /** Rows of R and Z side by side, f64[size][size + targets]; zeros below the diagonal. */
  readonly rows: Float64Array;
  /** Of R and Z, before each row that comes in. */
  readonly scale: number;

  /** @param diagonal - of R, which is zero besides, as Z is */
  constructor(size: number, targets: number, scale: number, diagonal: (k: number) => number) {
    this.scale = scale;
    this.size = size;
    this.targets = targets;
    this.rows = new Float64Array(size * (size + targets));
    for (let k = 0; k < size; k++) this.rows[k * (size + targets) + k] = diagonal(k);
  }

  /**
   * Takes in a row (x, y), after all before has been scaled.
   *
   * @param row - f64[size + targets + 1]; afterwards it holds what is left of y, and at the end the product of cosines: the one
   *   over the other is y - x w with the weights before
   * @param penalty - for a row that is zero but for this place: it comes in beside the last one, and nothing is scaled again
   */
  add(row: Float64Array, penalty?: number): void {
    const { size, rows } = this;
    const width = size + this.targets;
    const scale = penalty === undefined ? this.scale : 1;
    let cosines = 1;
    for (let k = penalty ?? 0; k < size; k++) {
      const at = k * width;
      const a = scale * rows[at + k]!;
      const b = row[k]!;
      const length = Math.sqrt(a * a + b * b);
      // Squares so small that they are zero are no length to divide by.
      const c = length && b ? a / length : 1;
      const s = length && b / length;
      cosines *= c;
      rows[at + k] = length || a;
      for (let j = k + 1; j < width; j++) {
        const r = scale * rows[at + j]!;
        const v = row[j]!;
        rows[at + j] = c * r + s * v;
        row[j] = c * v - s * r;
      }
    }
    row[width] = cosines;
  }

  /**
   * Solves R w = Z, from the last row up.
   *
   * @param weights - receives f64[targets][size]
   * @returns false if a column of R depends on those before it up to rounding; then weights hold anything
   */
  solve(weights: Float64Array): boolean {
    const { size, targets, rows } = this;
    const width = size + targets;
    for (let k = size - 1; k >= 0; k--) {
      const pivot = rows[k * width + k]!;
      if (!(pivot > 4 * size * Number.EPSILON * this.#lengthOf(k))) return false;
      for (let t = 0; t < targets; t++) {
        let sum = rows[k * width + size + t]!;
        for (let j = k + 1; j < size; j++) sum -= rows[k * width + j]! * weights[t * size + j]!;
        weights[t * size + k] = sum / pivot;
      }
    }
    return true;
  }

  /** Length of a column of R: that of a feature over all samples. */
  #lengthOf(k: number): number {
    const width = this.size + this.targets;
    let squares = 0;
    for (let at = k; at <= k * width + k; at += width) squares += this.rows[at]! * this.rows[at]!;
    return Math.sqrt(squares);
  }
}
