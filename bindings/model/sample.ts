import type { Session } from "../runtime/session.js";
import { isSample, type Samples } from "./ports.js";

/**
 * Checks a sample while it is written to a row, as can be whatever runs nobody's code when it is read: numbers,
 * and arrays of f32 in memory.
 *
 * @returns false for other samples, and for those that are wrong; then the row holds anything
 */
export function writeMemory(
  { image, floats, integers }: Session,
  sample: Samples | number,
  at: number,
): boolean {
  const { width, vocabulary } = image.input;
  const first = at / 4;
  if (typeof sample === "number") {
    if (vocabulary === undefined) floats[first] = sample;
    else integers[first] = sample;
    return width === 1 && isSample(sample, vocabulary);
  }
  // A proxy of an array, whose getters may do anything, is no view.
  const isPlain = sample instanceof Float32Array && ArrayBuffer.isView(sample);
  if (!isPlain || sample.length !== width || vocabulary !== undefined) return false;
  for (let i = 0; i < width; i++) {
    const value = sample[i]!;
    floats[first + i] = value;
    // Not by a function: a call that the compiler happens not to inline boxes the number.
    if (value - value !== 0) return false;
  }
  return true;
}
