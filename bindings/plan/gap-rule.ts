import type { Hold } from "../legendre/residual.js";

/** What a memory does in a gap: the time between two samples, in steps, when it is not one. */
export interface GapRule {
  readonly layer: string;
  /** Why it takes single steps alone, if it does. */
  readonly refusal: string | undefined;
  /** Of Ā - I, [order, columns]: the last column may be B̄. */
  readonly order: number;
  readonly columns: number;
  /** The window in steps, if the rule is Euler's: it needs no matrix. */
  readonly eulerTheta: number | undefined;
  /** Ā - I of a time, f64; undefined where the file has the matrices: they know whole steps alone. */
  readonly matrix: ((steps: number, hold: Hold) => Float64Array) | undefined;
}

/** The same with where its Gap and its Matrix stand. */
export interface PlacedGapRule<At = number> extends GapRule {
  readonly gap: At;
  readonly weights: At;
}
