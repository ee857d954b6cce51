import type { Tensor } from "../tensor.js";
import { Address } from "./address.js";
import { pad4, Panels } from "./panels.js";

/** How one tensor, or a computed matrix, gets into the weights. */
export interface Packing {
  /** Name of a tensor of the file, or the values themselves. */
  readonly source: string | Tensor;
  readonly columns: number;
  /** First byte, counted from the beginning of the weights. */
  readonly offset: number;
  /** Floats covered, padding included. */
  readonly size: number;
  /** Index of an element in floats from offset; -1: not stored. */
  index(row: number, column: number): number;
  /** Change of an element on its way, if any. */
  change?: (value: number, row: number, column: number) => number;
}

/** Where every weight goes, as the kernels read them. */
export class Weights {
  readonly packings: Packing[] = [];
  bytes = 0;

  /** Reserves floats among the weights; a multiple of 16 bytes. */
  reserve(floats: number): Address {
    const offset = this.bytes;
    this.bytes += pad4(floats) * 4;
    return new Address("weights", offset);
  }

  /** Plans a matrix for the affine kernel. `row` maps rows of the tensor to outputs, -1 leaves a row out. */
  matrix(
    source: string | Tensor,
    outputs: number,
    columns: number,
    options: { row?: (row: number) => number; change?: Packing["change"] } = {},
  ): Address {
    const at = this.reserve(outputs * columns);
    const panels = new Panels(outputs, columns);
    const row = options.row ?? ((r: number) => r);
    this.packings.push({
      source,
      columns,
      offset: at.offset,
      size: panels.size,
      index: (r, c) => {
        const output = row(r);
        return output < 0 ? -1 : panels.at(output, c);
      },
      ...(options.change && { change: options.change }),
    });
    return at;
  }

  /** Plans rows of floats one after another, `stride` floats apart: biases, tables. */
  table(
    source: string | Tensor,
    rows: number,
    columns: number,
    stride: number,
    index: Packing["index"] = (r, c) => r * stride + c,
  ): Address {
    const at = this.reserve(rows * stride);
    this.packings.push({ source, columns, offset: at.offset, size: rows * stride, index });
    return at;
  }

  /** Plans a vector; without a source it stays zero. */
  vector(
    source: string | Tensor | undefined,
    length: number,
    place?: (index: number) => number,
  ): Address {
    if (source === undefined) return this.reserve(length);
    // A tensor [n] has n rows of one column.
    return this.table(source, length, 1, 1, place ? (r) => place(r) : undefined);
  }
}
