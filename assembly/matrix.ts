import { affine } from "./kernels/affine";

/**
 * Rows of floats in memory, by the address of the first and the bytes from one to the next: both in one value, so that
 * neither can be taken for the other or for those of other rows.
 */
export type Rows = u64;

export function rows(at: usize, stride: u32): Rows {
  return ((<u64>stride) << 32) | (<u64>at);
}

/** Weights, shared by all streams. The host may give a matrix other panels between calls. */
@unmanaged
export class Matrix {
  panels: usize = 0; // f32, rows × columns, as kernels/affine.ts reads them
  columns: u32 = 0; // inputs
  rows: u32 = 0; // outputs, a multiple of 4
}

/**
 * y[i] = init[i] + matrix · x[i] for count rows: the only way anything multiplies.
 *
 * Error and aliasing: those of affine. Another type of elements is another branch here.
 */
export function product(matrix: usize, y: Rows, init: Rows, x: Rows, count: u32): void {
  productOf(matrix, 0, y, init, x, count);
}

/** The same for one of several matrices of a shape whose panels follow one another: the taps of a convolution. */
export function productOf(
  matrix: usize, // Matrix
  index: u32,
  y: Rows,
  init: Rows,
  x: Rows,
  count: u32,
): void {
  const m = changetype<Matrix>(matrix);
  affine(
    <usize>y,
    <u32>(y >> 32),
    <usize>init,
    <u32>(init >> 32),
    <usize>x,
    <u32>(x >> 32),
    count,
    m.panels + ((index * m.rows * m.columns) << 2),
    m.columns,
    m.rows,
  );
}
