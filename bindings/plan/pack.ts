import { cannotLoad } from "../errors.js";
import { sizeOf, type Tensor } from "../tensor.js";
import type { Packing } from "./weights.js";

/**
 * Writes rows of a tensor to their places among the weights.
 *
 * @param rows - the tensor, or consecutive rows of it, the first being row `firstRow`
 * @param weights - f32, the whole weights region
 * @throws LmuError tensor-invalid if a value is not finite, as it is or as it would be stored
 */
export function pack(
  packing: Packing,
  rows: Tensor,
  firstRow: number,
  weights: Float32Array,
): void {
  const { columns, factors, int8, offset } = packing;
  const { values } = rows;
  const line = new Float32Array(int8 ? columns : 0);
  const base = offset / 4;
  const count = sizeOf(rows.shape) / columns;
  const before = (firstRow * sizeOf(rows.shape.slice(1))) / columns;
  // The hottest loop of loading, run by interpreters too: few operations per element, no call where values are there.
  for (let row = 0; row < count; row++) {
    const first = packing.first(before + row);
    const step = first < 0 ? 0 : packing.step(before + row);
    for (let column = 0; column < columns; column++) {
      const index = row * columns + column;
      const value = values ? values[index]! : rows.at(index);
      // x - x is 0 for finite numbers alone. As it will be stored: a factor, or rounding, may carry it beyond f32.
      const stored = Math.fround(factors ? value * factors[column]! : value);
      if (stored - stored !== 0) refuse(packing, value, before * columns + index);
      if (int8) line[column] = stored;
      else if (first >= 0) weights[base + first + column * step] = stored;
    }
    if (first >= 0) int8?.put(first, line, weights, offset);
  }
}

/**
 * Gives back what has been packed of a tensor, row by row, as it is stored: each row once, in an array that the next one
 * overwrites.
 */
export function unpack(
  packings: readonly Packing[],
  shape: readonly number[],
  weights: Float32Array,
  take: (row: ReturnType<typeof Float32Array.of>) => void,
): void {
  const { columns = 1 } = packings[0] ?? {};
  const values = new Float32Array(columns);
  for (let row = 0; row < sizeOf(shape) / columns; row++) {
    const packing = packings.find((one) => one.first(row) >= 0);
    if (!packing) continue;
    const { int8, offset } = packing;
    const first = packing.first(row);
    const step = packing.step(row);
    for (let column = 0; column < columns && !int8; column++) {
      values[column] = weights[offset / 4 + first + column * step]!;
    }
    int8?.get(first, values, weights, offset);
    take(values);
  }
}

function refuse(packing: Packing, value: number, index: number): never {
  const name =
    typeof packing.source === "string" ? `tensor ${packing.source}` : "a computed matrix";
  cannotLoad(
    `${name} has ${value} at index ${index}, expected numbers that are finite in f32`,
    "tensor-invalid",
  );
}
