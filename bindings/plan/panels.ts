/**
 * Where the affine kernel expects element (row, column) of a weight matrix: panels of 32 rows, then 16, 8 and 4, each
 * [column][row within the panel]. The mirror of assembly/kernels/affine.ts.
 */
export class Panels {
  /** Floats in all. */
  readonly size: number;

  /** @param rows - outputs, a multiple of 4 @param columns - inputs */
  constructor(
    private readonly rows: number,
    private readonly columns: number,
  ) {
    this.size = rows * columns;
  }

  /** Index of the first element of a row, in floats. */
  first(row: number): number {
    const within = row % this.step(row);
    return (row - within) * this.columns + within;
  }

  /** Floats from column to column of a row: the width of its panel. All that are as wide or wider begin at multiples of it. */
  step(row: number): number {
    return WIDTHS.find((width) => row < this.rows - (this.rows % width))!;
  }

  /** Index of an element, in floats. */
  at(row: number, column: number): number {
    return this.first(row) + column * this.step(row);
  }
}

/** Of panels, widest first. */
const WIDTHS = [32, 16, 8, 4];
