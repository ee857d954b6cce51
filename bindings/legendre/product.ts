/** Terms of the Taylor series: at a norm of 2 the next one is below 1e-19. */
export const TERMS = 26;

/**
 * Products scale · T⁻¹ A T · M in O(order) per column of M: with r_i = √(2i+1) the row is
 * -r_i (Σ_{j<=i} r_j M_j + (-1)^i Σ_{j>i} (-1)^j r_j M_j), two running sums.
 */
export class NormalisedProduct {
  readonly #order: number;
  readonly #columns: number;
  readonly #below: Float64Array;
  readonly #above: Float64Array;
  /** The last two results: one is the factor of the next product. */
  #results: readonly [Float64Array, Float64Array];

  constructor(order: number, columns: number) {
    this.#order = order;
    this.#columns = columns;
    this.#below = new Float64Array(columns);
    this.#above = new Float64Array(columns);
    this.#results = [new Float64Array(order * columns), new Float64Array(order * columns)];
  }

  /** The product, valid until the call after the next. */
  times(scale: number, M: Float64Array): Float64Array {
    const [order, columns, below, above] = [this.#order, this.#columns, this.#below, this.#above];
    const [result, other] = this.#results;
    this.#results = [other, result];
    below.fill(0);
    above.fill(0);
    for (let j = 0; j < order; j++) {
      const r = (j % 2 === 0 ? 1 : -1) * Math.sqrt(2 * j + 1);
      for (let c = 0; c < columns; c++) above[c]! += r * M[j * columns + c]!;
    }
    for (let i = 0; i < order; i++) {
      const r = Math.sqrt(2 * i + 1);
      const sign = i % 2 === 0 ? 1 : -1;
      for (let c = 0; c < columns; c++) {
        const m = r * M[i * columns + c]!;
        below[c]! += m;
        above[c]! -= sign * m;
        result[i * columns + c] = -scale * r * (below[c]! + sign * above[c]!);
      }
    }
    return result;
  }
}
