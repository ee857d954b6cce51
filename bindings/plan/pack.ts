import { LmuError } from "../errors.js";
import { sizeOf, type Tensor } from "../tensor.js";
import type { Packing } from "./weights.js";

/**
 * Writes rows of a tensor to their places among the weights.
 *
 * @param rows - the tensor, or consecutive rows of it, the first being row `firstRow`
 * @param weights - f32, the whole weights region
 * @throws LmuError tensor-invalid if a value is not finite
 */
export function pack(
  packing: Packing,
  rows: Tensor,
  firstRow: number,
  weights: Float32Array,
): void {
  const { columns, change } = packing;
  const base = packing.offset / 4;
  const count = sizeOf(rows.shape) / columns;
  for (let row = 0; row < count; row++) {
    for (let column = 0; column < columns; column++) {
      const value = rows.at(row * columns + column);
      if (!Number.isFinite(value)) refuse(packing, value, (firstRow + row) * columns + column);
      const index = packing.index(firstRow + row, column);
      if (index >= 0)
        weights[base + index] = change ? change(value, firstRow + row, column) : value;
    }
  }
}

function refuse(packing: Packing, value: number, index: number): never {
  const name = typeof packing.source === "string" ? packing.source : "a computed matrix";
  throw new LmuError(
    "tensor-invalid",
    `Cannot load the model: tensor ${name} has ${value} at index ${index}, expected finite numbers`,
  );
}
