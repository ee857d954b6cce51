import { LmuError } from "../../errors.js";

/** What a model asks of a signal. */
export interface Wanted {
  /** Numbers of a row. */
  readonly width: number;
  /** Number of ids, where they are ids. */
  readonly vocabulary: number | undefined;
  /** Columns of a table, by name or number from 1. */
  readonly columns: readonly string[] | undefined;
}

/** Numbers of a file, row by row: one row a step. */
export interface Signal {
  /** Whether the file has names for its columns. */
  readonly hasHeader: boolean;
  /** Sequences, one after another, and the steps of each; 1 and undefined where the file goes on to its end. */
  readonly sequences: number;
  readonly steps: number | undefined;
  /** Whole rows, as they come; no more than a few thousand at a time. */
  rows(): AsyncGenerator<Chunk>;
}

/** Rows that follow one another. */
export interface Chunk {
  readonly values: Float64Array;
  /** What a value is called in a message: "row 7, column 2". */
  place(index: number): string;
}

/** Rows of a chunk, at most. */
export const CHUNK_ROWS = 4096;

/** @throws LmuError format-invalid */
export function unreadable(name: string, problem: string): never {
  throw new LmuError("format-invalid", `Cannot read ${name}: ${problem}`);
}
