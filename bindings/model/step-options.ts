import { expectOptions, outOfRange } from "../errors.js";

/** Options of {@link Stream.step}: a sample that comes sooner or later than a step after the one before. */
export interface StepOptions {
  /**
   * Time since the sample before (at first: since the beginning), in the model's own steps: above 0, finite, counted in
   * 2^-30 of a step. The memories of LMUs pass it; all else, the encoders and hidden cells of LMUs too, sees one sample.
   *
   * The zero-order hold is exact for any time. Euler's rule and the bilinear one take whole steps, then the fraction;
   * matrices that came with the file know whole steps alone. @defaultValue 1
   */
  dt?: number | undefined;
  /**
   * What the memories are fed in that time. "hold": the sample, all the time, so dt 5 equals five equal samples for a memory
   * whose input does not depend on itself or a hidden state. "zero": nothing, then the sample for one step (for all of
   * dt, if that is less): dt 5 equals four steps without input, and the sample. @defaultValue "hold"
   */
  between?: "hold" | "zero" | undefined;
}

const NAMES = ["dt", "between"];

/**
 * Reads the gap that options ask for, in steps: above 0, the sample holds for it; below, it is silence, and a step follows.
 *
 * @param gap - receives it, f64[1], for a double that functions pass on is garbage; 1 is a plain step
 * @throws TypeError, RangeError unless the options are what they may be
 */
export function readGap(action: string, options: StepOptions, gap: Float64Array): void {
  expectOptions(action, options, NAMES);
  const { dt = 1, between = "hold" } = options;
  if (!(Number.isFinite(dt) && dt > 0)) outOfRange(action, "dt", dt, "a finite number above 0");
  if (between !== "hold" && between !== "zero") {
    outOfRange(action, "between", between, "hold or zero");
  }
  gap[0] = between === "zero" && dt > 1 ? 1 - dt : dt;
}
