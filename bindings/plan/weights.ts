import { cannotLoad } from "../errors.js";
import { checkBytes, pad4 } from "../facts/bytes.js";
import type { Tensor } from "../tensor.js";
import type { Address } from "./address.js";
import type { Int8Matrix } from "./int8-matrix.js";
import { Panels } from "./panels.js";

/** How one tensor, or a computed matrix, gets into the weights: in rows whose elements are equally far apart. */
export interface Packing {
  /** Name of a tensor of the file, or the values themselves. */
  readonly source: string | Tensor;
  /** Elements of a row: of the tensor, or of an equal part of one. */
  readonly columns: number;
  /** First byte, counted from the beginning of the weights. */
  readonly offset: number;
  /** Index of a row's first element in floats from offset, or of integers the output; -1: the row is not stored. */
  first(row: number): number;
  /** Floats from element to element of a row that is stored. */
  step(row: number): number;
  /** What the columns are multiplied with on their way, if anything. */
  readonly factors?: ArrayLike<number> | undefined;
  /** What stores the rows if they are no floats. */
  readonly int8?: Int8Matrix | undefined;
}

/** How a matrix differs from the tensor it comes from. */
export interface MatrixOptions {
  /** Output of a row of the tensor; -1 leaves the row out. */
  readonly row?: (row: number) => number;
  /** What the columns are multiplied with. */
  readonly factors?: Packing["factors"];
  /** It stays f32 in models of int8: what drives a memory is remembered for long. */
  readonly isExact?: boolean;
}

/** Floats that a model may have computed: 32 MB, two matrices of the highest order. Files of a few bytes ask for them. */
const MAX_COMPUTED = 2 ** 23;

/** Where every weight goes, as the kernels read them. */
export class Weights {
  readonly packings: Packing[] = [];
  bytes = 0;
  #computed = 0;

  /** Reserves floats among the weights; a multiple of 16 bytes. */
  reserve(floats: number): Address {
    const offset = this.bytes;
    this.bytes += pad4(floats) * 4;
    checkBytes(this.bytes);
    return { region: "weights", offset };
  }

  /**
   * Plans a matrix for the affine kernel. `row` maps rows of the tensor to outputs, -1 leaves a row out; `factors` are
   * for the first columns, and over and over for those behind.
   */
  matrix(
    source: string | Tensor,
    outputs: number,
    columns: number,
    options: MatrixOptions = {},
    int8?: Int8Matrix,
  ): Address {
    this.#count(source, outputs * columns);
    const panels = new Panels(outputs, columns);
    const at = this.reserve((int8 ?? panels).size);
    const row = options.row ?? ((r: number) => r);
    let factors: Packing["factors"];
    this.packings.push({
      source,
      columns,
      offset: at.offset,
      first: (r) => {
        const output = row(r);
        return output < 0 ? -1 : int8 ? output : panels.first(output);
      },
      step: (r) => (int8 ? 1 : panels.step(row(r))),
      int8,
      // One for every column, made when the file has a row of as many: until then, a file may claim any shape.
      get factors() {
        return (factors ??= options.factors && repeated(options.factors, columns));
      },
    });
    return at;
  }

  /** Plans rows of floats one after another, `stride` floats apart: biases, tables. */
  table(
    source: string | Tensor,
    rows: number,
    columns: number,
    stride: number,
    first: Packing["first"] = (r) => r * stride,
  ): Address {
    this.#count(source, rows * stride);
    return this.place(source, columns, rows * stride, first, () => 1);
  }

  /** Reserves floats for rows of a tensor that go where they are told. */
  place(
    source: string | Tensor,
    columns: number,
    floats: number,
    first: Packing["first"],
    step: Packing["step"],
  ): Address {
    const at = this.reserve(floats);
    this.packings.push({ source, columns, offset: at.offset, first, step });
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
    return this.table(source, length, 1, 1, place);
  }

  /** Whether so many floats more may be computed, which are then counted. */
  hasRoom(floats: number): boolean {
    const isLittle = this.#computed + floats <= MAX_COMPUTED;
    if (isLittle) this.#computed += floats;
    return isLittle;
  }

  /** Counts what no tensor of the file pays for. */
  #count(source: string | Tensor, floats: number): void {
    if (typeof source !== "string") this.#computed += floats;
    if (this.#computed > MAX_COMPUTED) {
      cannotLoad(`more than ${MAX_COMPUTED} of its weights are not in the file`, "model-too-large");
    }
  }
}

function repeated(values: ArrayLike<number>, length: number): ArrayLike<number> {
  const period = values.length;
  return period === length ? values : Float64Array.from({ length }, (_, i) => values[i % period]!);
}
