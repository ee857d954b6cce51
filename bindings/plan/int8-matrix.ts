import { pad4 } from "../facts/bytes.js";
import { integerOf, scaleOf } from "../tensor.js";
import { Panels } from "./panels.js";

/** Numbers of a matrix below which integers are no faster than floats, nor smaller by much. */
const WORTH = 2048;

/** Inputs of a matrix whose sums fit 32 bits. */
const MAX_COLUMNS = 2 ** 17;

/**
 * A matrix of integers of 8 bits with a scale for every output, as assembly/kernels/affine-int8.ts reads it: the panels of floats,
 * in which a word holds four inputs of an output, the first and the third of them with 128 added. The scales follow.
 */
export class Int8Matrix {
  /** Floats that panels and scales take. */
  readonly size: number;
  /** Where the scales begin, in bytes. */
  readonly scalesAt: number;
  /** Bytes of scratch of a product: 16 rows. */
  readonly roundedBytes: number;
  readonly #words: Panels;

  /** Whether a matrix is worth it. */
  static suits(rows: number, columns: number): boolean {
    return rows * columns >= WORTH && columns <= MAX_COLUMNS;
  }

  /**
   * The sizes of one.
   *
   * @param rows - outputs, a multiple of 4
   * @param columns - inputs
   */
  constructor(rows: number, columns: number) {
    this.#words = new Panels(rows, pad4(columns) / 4);
    this.scalesAt = this.#words.size * 4;
    this.size = this.#words.size + rows;
    this.roundedBytes = 16 * (16 + pad4(Math.ceil(columns / 2)) * 4);
  }

  /** Writes an output's weights among those of a model, from a byte on. */
  put(row: number, values: Float32Array, weights: Float32Array, offset: number): void {
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const scale = scaleOf(largest);
    weights[(offset + this.scalesAt) / 4 + row] = scale;
    const { bytes, first, step } = this.#bytes(row, weights, offset);
    for (let i = 0; i < values.length; i++) {
      bytes[first + (i >> 2) * step + (i & 3)] = integerOf(values[i]!, scale) ^ flipped(i);
    }
  }

  /** The weights of an output as they are multiplied with: exact in f32. */
  get(row: number, values: Float32Array, weights: Float32Array, offset: number): void {
    const scale = weights[(offset + this.scalesAt) / 4 + row]!;
    const { bytes, first, step } = this.#bytes(row, weights, offset);
    for (let i = 0; i < values.length; i++) {
      const byte = bytes[first + (i >> 2) * step + (i & 3)]! ^ flipped(i);
      values[i] = scale * ((byte << 24) >> 24);
    }
  }

  /** The words of an output, in bytes. */
  #bytes(row: number, { buffer, byteOffset }: Float32Array, offset: number) {
    return {
      bytes: new Uint8Array(buffer, byteOffset + offset, this.scalesAt),
      first: this.#words.first(row) * 4,
      step: this.#words.step(row) * 4,
    };
  }
}

/** The bit that adding 128 turns over. */
function flipped(column: number): number {
  return column & 1 ? 0 : 128;
}
