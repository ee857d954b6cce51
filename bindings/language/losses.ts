import { logSumExp } from "./elementary.js";
import type { Segment } from "./segments.js";

/** Losses that a memory transformer learns by, each of one segment of some sequences. */

/** Cross entropy in nats: the mean of -ln p(token) over all tokens of a segment but the first. */
export function languageLoss({ ids, logits, steps }: Segment): number {
  const vocabulary = logits.length / ids.length;
  let sum = 0;
  let count = 0;
  for (let row = 0; row < ids.length; row++) {
    if ((row + 1) % steps === 0) continue;
    const first = row * vocabulary;
    sum += logSumExp(logits, first, vocabulary) - logits[first + ids[row + 1]!]!;
    count++;
  }
  return sum / count;
}

/** How far what the memory recalls of a segment is from what it was: the mean square over all tokens but the first. */
export function recallLoss({ recalled, embedded, steps, width }: Segment): number {
  const row = (steps - 1) * width;
  return meanSquare(recalled, (i) => embedded[i + (Math.floor(i / row) + 1) * width]!);
}

/**
 * How far the memory of parts of a segment, one after another, is from that of all of it at once: the mean square, and
 * {@link vicReg} of some rows where they are given.
 *
 * @param rows - of [memory of the parts; memory of all], of each sequence; the reference draws four at random
 */
export function memoryLoss(segment: Segment, rows?: readonly number[]): number {
  const { composed, whole, width, batch } = segment;
  const loss = meanSquare(composed, (i) => whole[i]!);
  if (!rows) return loss;
  const count = composed.length / batch / width;
  const chosen = Array.from({ length: batch }, (_, s) =>
    rows.map((row) => {
      const first = (s * count + (row % count)) * width;
      return (row < count ? composed : whole).subarray(first, first + width);
    }),
  ).flat();
  return loss + vicReg(chosen);
}

/**
 * Variance and covariance of VICReg (Bardes, Ponce, LeCun 2022), as the reference weighs them: the mean of
 * max(0, 4 - √(variance + 1e-5)) of all features, and 0.001 / features · Σ covariance², of each pair once.
 *
 * @param rows - at least two, of as many features
 */
export function vicReg(rows: readonly ArrayLike<number>[]): number {
  const count = rows.length;
  const width = rows[0]!.length;
  const centred = Array.from({ length: width }, (_, i) => {
    const column = Float64Array.from(rows, (row) => row[i]!);
    const mean = column.reduce((sum, value) => sum + value, 0) / count;
    return column.map((value) => value - mean);
  });
  let variance = 0;
  let covariance = 0;
  for (let i = 0; i < width; i++) {
    for (let j = i; j < width; j++) {
      const sum = centred[i]!.reduce((sum, value, n) => sum + value * centred[j]![n]!, 0);
      covariance += (sum / count) ** 2;
      if (i === j) variance += Math.max(0, 4 - Math.sqrt(sum / (count - 1) + 1e-5));
    }
  }
  return variance / width + (0.001 * covariance) / width;
}

function meanSquare(values: Float32Array, other: (index: number) => number): number {
  return values.reduce((sum, value, i) => sum + (value - other(i)) ** 2, 0) / values.length;
}
