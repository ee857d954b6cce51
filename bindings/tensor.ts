import { LmuError } from "./errors.js";

/** Element types of stored tensors. Everything is computed in f32. */
export type DType = "f64" | "f32" | "f16" | "bf16" | "i64" | "i32" | "i16" | "i8" | "u8" | "bool";

/** Bytes of one element. */
export const ELEMENT_BYTES: Readonly<Record<DType, number>> = {
  f64: 8,
  f32: 4,
  f16: 2,
  bf16: 2,
  i64: 8,
  i32: 4,
  i16: 2,
  i8: 1,
  u8: 1,
  bool: 1,
};

/** A read-only tensor: row-major elements by index. Reading is lazy; views cost no memory. */
export interface Tensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** The element at a row-major index, rounded to f32 where the file holds f64. */
  at(index: number): number;
  /** The same elements, where they stand in an array already. */
  readonly values?: ArrayLike<number> | undefined;
}

/** Product of a shape; NaN-free and exact only below 2^53, so callers bound it. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** A tensor over little-endian (or, for HDF5 and npy, big-endian) bytes; keeps the bytes, copies nothing. */
export function tensorOfBytes(
  dtype: DType,
  shape: readonly number[],
  bytes: Uint8Array,
  littleEndian = true,
): Tensor {
  const wanted = sizeOf(shape) * ELEMENT_BYTES[dtype];
  if (bytes.byteLength !== wanted) {
    throw new LmuError(
      "format-invalid",
      `Cannot read a tensor: [${shape.join(", ")}] of ${dtype} has ${bytes.byteLength} bytes, expected ${wanted}`,
    );
  }
  const { buffer, byteOffset, byteLength } = bytes;
  // Every host is little-endian: wasm memory is.
  if (dtype === "f32" && littleEndian && byteOffset % 4 === 0) {
    return tensorOfValues(shape, new Float32Array(buffer, byteOffset, byteLength / 4));
  }
  const view = new DataView(buffer, byteOffset, byteLength);
  return { dtype, shape, at: READERS[dtype](view, littleEndian) };
}

/** A tensor over numbers in memory. */
export function tensorOfValues(shape: readonly number[], values: ArrayLike<number>): Tensor {
  return { dtype: "f32", shape, at: (index) => values[index]!, values };
}

/** A tensor whose elements are computed when they are read: none of them is kept. */
export function computed(shape: readonly number[], at: (index: number) => number): Tensor {
  return { dtype: "f32", shape, at: (index) => Math.fround(at(index)) };
}

/** The same elements under another shape of equal size. */
export function reshape(tensor: Tensor, shape: readonly number[]): Tensor {
  if (sizeOf(shape) !== sizeOf(tensor.shape)) {
    throw new LmuError(
      "tensor-invalid",
      `Cannot reshape a tensor: it has shape [${tensor.shape.join(", ")}], expected one of the size of [${shape.join(", ")}]`,
    );
  }
  const { dtype, values } = tensor;
  return { dtype, shape, at: (index) => tensor.at(index), values };
}

/** Axes in another order: axes[i] names the source axis that becomes axis i. */
export function permute(tensor: Tensor, axes: readonly number[]): Tensor {
  const strides = tensor.shape.map((_, axis) => sizeOf(tensor.shape.slice(axis + 1)));
  const shape = axes.map((axis) => tensor.shape[axis]!);
  const moved = axes.map((axis) => strides[axis]!);
  if (axes.length === 2) {
    const [columns, rowStep, columnStep] = [shape[1]!, moved[0]!, moved[1]!];
    return {
      dtype: tensor.dtype,
      shape,
      at: (index) => {
        const column = index % columns;
        return tensor.at(((index - column) / columns) * rowStep + column * columnStep);
      },
    };
  }
  return strided(tensor, shape, moved);
}

/** Row-major elements of a view with strides of its own: strides[axis] elements from index to index of an axis. */
export function strided(
  elements: Tensor,
  shape: readonly number[],
  strides: readonly number[],
): Tensor {
  return {
    dtype: elements.dtype,
    shape,
    at: (index) => {
      let source = 0;
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        const length = shape[axis]!;
        const within = index % length;
        source += within * strides[axis]!;
        index = (index - within) / length;
      }
      return elements.at(source);
    },
  };
}

/** A matrix with rows and columns exchanged. */
export function transpose(tensor: Tensor): Tensor {
  if (tensor.shape.length !== 2) {
    throw new LmuError(
      "tensor-invalid",
      `Cannot transpose a tensor: it has shape [${tensor.shape.join(", ")}], expected a matrix`,
    );
  }
  return permute(tensor, [1, 0]);
}

/** Rows from … to (not included) along the first axis. */
export function rowsOf(tensor: Tensor, from: number, to: number): Tensor {
  if (!(from >= 0 && from <= to && to <= tensor.shape[0]!)) {
    throw new LmuError(
      "tensor-invalid",
      `Cannot take rows ${from} to ${to} of a tensor: it has shape [${tensor.shape.join(", ")}]`,
    );
  }
  const row = sizeOf(tensor.shape.slice(1));
  return {
    dtype: tensor.dtype,
    shape: [to - from, ...tensor.shape.slice(1)],
    at: (index) => tensor.at(index + from * row),
  };
}

/** Tensors one below the other: equal but for their first axes. */
export function concatenateRows(parts: readonly Tensor[]): Tensor {
  const [first] = parts as [Tensor];
  const ends: number[] = [];
  for (const part of parts) ends.push((ends.at(-1) ?? 0) + sizeOf(part.shape));
  const rows = parts.reduce((sum, { shape }) => sum + shape[0]!, 0);
  return {
    dtype: first.dtype,
    shape: [rows, ...first.shape.slice(1)],
    at: (index) => {
      const i = ends.findIndex((end) => index < end);
      return parts[i]!.at(index - (ends[i - 1] ?? 0));
    },
  };
}

/** A matrix cut by columns: the first so many, and the rest. */
export function splitColumns(tensor: Tensor, first: number): [Tensor, Tensor] {
  const rows = transpose(tensor);
  return [transpose(rowsOf(rows, 0, first)), transpose(rowsOf(rows, first, rows.shape[0]!))];
}

/** Rows in another order: row i of the result is row order[i]. */
export function selectRows(tensor: Tensor, order: readonly number[]): Tensor {
  const row = sizeOf(tensor.shape.slice(1));
  return {
    dtype: tensor.dtype,
    shape: [order.length, ...tensor.shape.slice(1)],
    at: (index) => {
      const within = index % row;
      return tensor.at(order[(index - within) / row]! * row + within);
    },
  };
}

/** Elements changed one by one, result rounded to f32. */
export function mapTensor(
  tensor: Tensor,
  change: (value: number, index: number) => number,
): Tensor {
  return {
    dtype: "f32",
    shape: tensor.shape,
    at: (index) => Math.fround(change(tensor.at(index), index)),
  };
}

const READERS: Record<DType, (view: DataView, littleEndian: boolean) => (index: number) => number> =
  {
    f64: (view, little) => (index) => Math.fround(view.getFloat64(index * 8, little)),
    f32: (view, little) => (index) => view.getFloat32(index * 4, little),
    f16: (view, little) => (index) => fromHalf(view.getUint16(index * 2, little)),
    bf16: (view, little) => {
      const word = new Float32Array(1);
      const bits = new Uint32Array(word.buffer);
      return (index) => {
        bits[0] = view.getUint16(index * 2, little) << 16;
        return word[0]!;
      };
    },
    i64: (view, little) => (index) => Number(view.getBigInt64(index * 8, little)),
    i32: (view, little) => (index) => view.getInt32(index * 4, little),
    i16: (view, little) => (index) => view.getInt16(index * 2, little),
    i8: (view) => (index) => view.getInt8(index),
    u8: (view) => (index) => view.getUint8(index),
    bool: (view) => (index) => (view.getUint8(index) ? 1 : 0),
  };

/** IEEE half precision to a number, exactly. */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/**
 * The scale of a row of weights that become integers of 8 bits: the largest is 127 of it.
 *
 * Rounded to 17 bits, so that integer · scale is exact in f32: rows that have been rounded once come out as they were.
 *
 * @param largest - of the magnitudes of the row
 */
export function scaleOf(largest: number): number {
  const scale = largest / 127;
  // Veltkamp's splitting: what is left of a float of 53 bits has 17.
  const split = scale * (2 ** 36 + 1);
  return split - (split - scale);
}

/** The integer that stands for a weight, -127 to 127. */
export function integerOf(weight: number, scale: number): number {
  return scale && Math.round(weight / scale);
}
