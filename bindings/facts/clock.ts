/** What one call may bring. */
export interface Capacity {
  /** Rows of input, of all streams together. */
  readonly rows: number;
  readonly streams: number;
}

/** A number that follows from the position: the rows of a clock, less so many times those of another. */
export interface Count {
  readonly of: Clock;
  readonly less?: Clock;
  /** @defaultValue 1 */
  readonly times?: number;
  /** What is left of it by division. */
  readonly modulo?: number;
}

/** What a number is after so many steps of a sequence that goes on. */
export function countAfter({ of, less, times = 1, modulo }: Count, steps: number): number {
  const rows = of.rowsAfter(steps, false) - (less ? times * less.rowsAfter(steps, false) : 0);
  return modulo ? rows % modulo : rows;
}

/** Counts the rows that a call brings to the layers on it. */
export interface Clock {
  readonly id: number;
  /** Rows a call may bring, of all streams together. */
  capacity(call: Capacity): number;
  /** One row per call, the newest: after "last" and global pooling. */
  readonly isSingle: boolean;
  /** What happened to the rows since the input: equal clocks have equal text. Of a single row: to those it is the newest of. */
  readonly rate: string;
  /** Input steps by which the rows lag behind. */
  readonly delay: number;
  /** Input steps from row to row. */
  readonly stepsPerRow: number;
  /** Rows of the whole sequence, where the input has a fixed number of steps. */
  readonly rows: number | undefined;
  /** Rows made after so many input steps, before or after the end of the sequence; a single row counts when renewed. */
  rowsAfter(steps: number, isEnded: boolean): number;
}
