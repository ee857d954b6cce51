import { roundEven, toHalf } from "../formats/containers/half.js";
import { fromHalf } from "../tensor.js";

/*
 * Numbers as snapshots store them, little-endian. Halves and integers of 8 bits are multiples of a scale, an f32 before
 * each block of them.
 */

/** Bytes of a number, and how many share a scale. */
const FORMS = {
  f64: { bytes: 8, block: 0 },
  f32: { bytes: 4, block: 0 },
  /** All of a field. */
  f16: { bytes: 2, block: 2 ** 32 },
  int8: { bytes: 1, block: 32 },
};

/** How numbers are stored. */
export type Form = keyof typeof FORMS;

/** Where everything counts as zero: layers leave nothing smaller in a state. */
const TINY = 1e-30;

/** Bytes that so many numbers take. */
export function bytesOf(count: number, form: Form): number {
  const { bytes, block } = FORMS[form];
  return count * bytes + (block && 4 * Math.ceil(count / block));
}

/** Writes numbers: finite, and below 2^127 unless they are stored as they are. */
export function writeNumbers(view: DataView, at: number, values: Float64Array, form: Form): void {
  const { bytes, block } = FORMS[form];
  let scale = 1;
  for (let i = 0; i < values.length; i++, at += bytes) {
    if (i % block === 0) {
      scale = writeScale(view, at, values.subarray(i, i + block), form);
      at += 4;
    }
    const value = values[i]! / scale;
    if (form === "f64") view.setFloat64(at, value, true);
    else if (form === "f32") view.setFloat32(at, value, true);
    else if (form === "f16") view.setUint16(at, toHalf(value), true);
    else view.setInt8(at, Math.sign(value) * roundEven(Math.abs(value)));
  }
}

/** The scale of a block: for halves the power of two that leaves less than 2^15, for integers what leaves 127. */
function writeScale(view: DataView, at: number, values: Float64Array, form: Form): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  view.setFloat32(at, form === "f16" ? most : most < TINY ? 1 : most / 127, true);
  if (form === "f16") {
    const exponent = view.getUint32(at, true) >>> 23;
    view.setUint32(at, Math.max(1, exponent - 14) << 23, true);
  }
  return view.getFloat32(at, true);
}

/** Reads as many numbers as there is room for. */
export function readNumbers(view: DataView, at: number, values: Float64Array, form: Form): void {
  const { bytes, block } = FORMS[form];
  let scale = 1;
  for (let i = 0; i < values.length; i++, at += bytes) {
    if (i % block === 0) {
      scale = view.getFloat32(at, true);
      at += 4;
    }
    values[i] =
      form === "f64"
        ? view.getFloat64(at, true)
        : form === "f32"
          ? view.getFloat32(at, true)
          : scale * (form === "f16" ? fromHalf(view.getUint16(at, true)) : view.getInt8(at));
  }
}
