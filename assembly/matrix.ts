import { affine } from "./kernels/affine";
import { affineInt8, unpackInt8 } from "./kernels/affine-int8";

/** Where rows of floats lie: the address of the first, and above it the bytes from one to the next. */
export type Span = u64;

/**
 * Address and stride in one value, so that neither can be taken for the other or for those of other rows.
 *
 * Inlined as methods, here and below: calls of a few instructions cost small models 5 to 15 % of a step, and formatters know
 * no decorators of functions.
 */
export abstract class Rows {
  @inline
  static at(address: usize, stride: u32): Span {
    return ((<u64>stride) << 32) | (<u64>address);
  }

  @inline
  static address(rows: Span): usize {
    return <usize>rows;
  }

  @inline
  static stride(rows: Span): u32 {
    return <u32>(rows >> 32);
  }
}

/** Weights, shared by all streams. The host may give a matrix other panels between calls. */
@unmanaged
export class Matrix {
  panels: usize = 0; // rows × columns, as kernels/affine.ts reads them, or affine-int8.ts
  columns: u32 = 0; // inputs
  rows: u32 = 0; // outputs, a multiple of 4
  scales: usize = 0; // f32[rows]: panels are int8; 0: they are f32
  rounded: usize = 0; // scratch of products of int8, whose bytes affine-int8.ts says

  /**
   * y[i] = init[i] + W·x[i] for count rows: the only way anything multiplies. Another type of elements is another branch here.
   *
   * Error and aliasing: those of affine and affineInt8.
   */
  @inline
  product(y: Span, init: Span, x: Span, count: u32): void {
    if (INT8 && this.scales) return this.productInt8(y, init, x, count);
    this.productOf(this.panels, y, init, x, count);
  }

  /** The weights of one output: a table of vectors is a matrix whose outputs are the ids. */
  copyRow(
    y: usize, // f32[columns]
    row: u32,
  ): void {
    const columns = this.columns;
    let start = row & ~31;
    let width: u32 = 32;
    if (start + 32 > this.rows) {
      for (width = 16; (this.rows & width) == 0 || row >= start + width; width >>= 1) {
        start += this.rows & width;
      }
    }
    // A word holds one float, or four integers.
    const words = INT8 && this.scales ? (columns + 3) >> 2 : columns;
    let at = this.panels + ((start * words + row - start) << 2);
    if (INT8 && this.scales) {
      unpackInt8(y, at, width << 2, columns, load<f32>(this.scales + (row << 2)));
      return;
    }
    for (const end = y + (columns << 2); y < end; y += 4, at += width << 2) {
      store<f32>(y, load<f32>(at));
    }
  }

  /** The same with other panels of this shape, of f32: the taps of a convolution. */
  @inline
  productOf(panels: usize, y: Span, init: Span, x: Span, count: u32): void {
    affine(
      Rows.address(y),
      Rows.stride(y),
      Rows.address(init),
      Rows.stride(init),
      Rows.address(x),
      Rows.stride(x),
      count,
      panels,
      this.columns,
      this.rows,
    );
  }

  private productInt8(y: Span, init: Span, x: Span, count: u32): void {
    affineInt8(
      Rows.address(y),
      Rows.stride(y),
      Rows.address(init),
      Rows.stride(init),
      Rows.address(x),
      Rows.stride(x),
      count,
      this.panels,
      this.columns,
      this.rows,
      this.scales,
      this.rounded,
    );
  }
}
