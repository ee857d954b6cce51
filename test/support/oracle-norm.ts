import { type Vector, work } from "./oracle-algebra.js";
import type { Weights } from "./oracle-weights.js";

/** (row - mean) / √(variance + epsilon), scaled and shifted. */
export function layerNorm(row: Vector, epsilon: number, w: Weights): number[] {
  work.multiplyAdds += 3 * row.length;
  const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
  const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
  const [scale, shift] = [
    w.has("scale") ? w.vector("scale") : undefined,
    w.has("shift") ? w.vector("shift") : undefined,
  ];
  return row.map(
    (value, i) =>
      ((value - mean) / Math.sqrt(variance + epsilon)) * (scale?.[i] ?? 1) + (shift?.[i] ?? 0),
  );
}
