import { pad4 } from "../facts/bytes.js";
import type { Clock } from "../facts/clock.js";
import type { Address } from "./address.js";

/** Rows of features in memory. */
export interface Rows {
  readonly at: Address;
  /** Features in use. */
  readonly width: number;
  readonly clock: Clock;
}

/** Bytes from row to row. */
export function strideOf(rows: { readonly width: number }): number {
  return pad4(rows.width) * 4;
}

/** A reader of an affine layer: rows, or the state of a layer, through one weight matrix. */
export interface TermSource {
  readonly input: Rows | { readonly state: number; readonly width: number };
  readonly weights: Address;
}
