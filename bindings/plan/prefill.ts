import type { Clock } from "../facts/clock.js";
import type { Hold } from "../legendre/residual.js";
import type { Address } from "./address.js";

/** A memory whose next state depends on the one before and on its input alone, and what reads it. */
export interface Remembered {
  readonly layer: string;
  readonly clock: Clock;
  readonly order: number;
  readonly channels: number;
  /** Window in steps, if it is known. */
  readonly theta: number | undefined;
  /** Ā - I, f64; undefined where the file has the matrices. */
  readonly matrix: ((hold: Hold) => Float64Array) | undefined;
  /** Its Matrix: Ā - I, and B̄ beside it where the file has them. */
  readonly weights: Address;
  /** Floats of scratch that its record takes. */
  readonly scratch: readonly number[];
  readonly reader: Reading;
}

/** How a memory is read: by whoever wants the newest row alone, as rows, by a dense record, by a memory attention. */
export type Reading =
  | { readonly by: "newest" | "rows" }
  | {
      readonly by: "dense" | "memoryAttention";
      /** Its Matrix, and floats that it makes of one step. */
      readonly weights: Address;
      readonly outputs: number;
      /** What they begin with, if they do not add. */
      readonly bias: Address | undefined;
    };

/** Memory in which a plan has been installed and its weights are. */
export interface Installed {
  readonly floats: Float32Array;
  readonly integers: Int32Array;
  readonly hold: Hold;
  /** Where a place is, in bytes. */
  at(address: Address): number;
}

/** How a layer takes many rows at once, for reports: multiplications with their additions are per step. */
export interface PrefillReport {
  /** How: docs/prefill.md. */
  readonly form: "boundary" | "projection" | "convolution";
  /** Steps that are taken at once. */
  readonly chunk: number;
  /** Of a convolution: steps that its taps reach back. */
  readonly taps: number | undefined;
  /** Steps of a call from which it is used. */
  readonly least: number;
  /** A step. */
  readonly multiplyAdds: number;
}
