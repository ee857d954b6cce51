import { brief, expectOptions, outOfRange } from "../errors.js";
import type { Engine } from "./engine.js";

/** Options of calls that take many samples at once. */
export interface PrefillOptions {
  /**
   * "exact": every sample as a step takes it, with its bits. "parallel": memories take many samples at once where that is less work,
   * within 1e-5 of the largest output; only of models loaded with the option of that name, whose default it then is.
   * @defaultValue what the model was loaded with, "exact" unless given
   */
  prefill?: "exact" | "parallel" | undefined;
}

/**
 * How the rows of a call may be taken: 0 step by step, 1 many at once, 2 the same from the beginning of sequences on.
 *
 * @param more - names of further options, which the caller checks
 * @throws TypeError, RangeError unless the options are what they may be
 */
export function manyOf(
  action: string,
  options: PrefillOptions,
  { planner }: Engine,
  isBeginning: boolean,
  ...more: readonly string[]
): number {
  expectOptions(action, options, ["prefill", ...more]);
  const { prefill = planner ? "parallel" : "exact" } = options;
  if (prefill === "exact") return 0;
  if (prefill === "parallel" && planner) return isBeginning ? 2 : 1;
  outOfRange(action, "prefill", brief(prefill), "exact, or parallel if load had it");
}
