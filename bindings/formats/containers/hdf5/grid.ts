import type { Cursor } from "./file.js";

/** Bytes of a chunk in the file. */
export interface Stored {
  readonly at: number;
  readonly bytes: number;
  /** Filters that were left out, one per bit. */
  readonly mask: number;
}

/** One chunk of the grid. */
export interface Chunk extends Stored {
  /** Its place in the grid, along each axis. */
  readonly place: readonly number[];
}

/** What an index needs to know about the array. */
export interface Grid {
  /** Elements of a chunk along each axis. */
  readonly chunk: readonly number[];
  /** Bytes of a chunk before filters. */
  readonly chunkBytes: number;
  /** Chunks along each axis, now and at most (Infinity where it may grow without end). */
  readonly counts: readonly number[];
  readonly most: readonly number[];
  readonly isFiltered: boolean;
}

/** How a chunk's bytes were changed, as indexes write it behind the address. */
export function sizeAndMask(at: Cursor, sizeBytes: number): { bytes: number; mask: number } {
  const bytes = at.uint(sizeBytes);
  return { bytes, mask: at.u32() };
}
