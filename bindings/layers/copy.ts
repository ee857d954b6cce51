import { plus } from "../plan/address.js";
import type { Builder } from "../plan/builder.js";
import { type Rows, strideOf } from "../plan/rows.js";

/** A feature of every row, and those after it. */
interface Place {
  readonly rows: Rows;
  readonly first: number;
}

/** Appends a copy of some features of every row. */
export function copy(from: Place, to: Place, width: number, b: Builder): void {
  b.program.record("copy", to.rows.clock, {
    input: plus(from.rows.at, from.first * 4),
    inputStride: strideOf(from.rows),
    output: plus(to.rows.at, to.first * 4),
    outputStride: strideOf(to.rows),
    width,
  });
}
