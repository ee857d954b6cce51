/**
 * Where the affine kernel expects element (row, column) of a weight matrix: panels of 32 rows, then 16, 8 and 4, each
 * [column][row within the panel]. The mirror of assembly/kernels/affine.ts.
 */
export class Panels {
  /** Floats in all. */
  readonly size: number;
  /** Made when a weight is there to be placed: until then, a file may claim any shape. */
  #first: Uint32Array | undefined;
  #step = new Uint8Array(0);

  /** @param rows - outputs, a multiple of 4 @param columns - inputs */
  constructor(
    private readonly rows: number,
    private readonly columns: number,
  ) {
    this.size = rows * columns;
  }

  /** Index of the first element of a row, in floats. */
  first(row: number): number {
    return (this.#first ?? this.#place())[row]!;
  }

  /** Floats from column to column of a row. */
  step(row: number): number {
    if (!this.#first) this.#place();
    return this.#step[row]!;
  }

  /** Index of an element, in floats. */
  at(row: number, column: number): number {
    return this.first(row) + column * this.step(row);
  }

  #place(): Uint32Array {
    const { rows, columns } = this;
    const first = new Uint32Array(rows);
    this.#step = new Uint8Array(rows);
    let start = 0;
    for (const width of [32, 16, 8, 4]) {
      while (rows - start >= width) {
        for (let row = start; row < start + width; row++) {
          first[row] = start * columns + row - start;
          this.#step[row] = width;
        }
        start += width;
      }
    }
    this.#first = first;
    return first;
  }
}
