import type { Session } from "./session.js";

/** Sequences on their way through a model, some of them at a time in lock step. May be used again. */
export interface Pass {
  /** Address of a table of states, u32[streams]: those of sequences first … first + streams. */
  slots: number;
  streams: number;
  first: number;
  /** [sequences][steps][input width]: finite, or ids of the vocabulary. */
  input: ArrayLike<number>;
  steps: number;
  /** Whether the sequences end with the last step. */
  isEnd: boolean;
  /** Receives [sequences][rows][output width]: all rows, or the newest if the model gives a single one. */
  output: Float32Array;
  rows: number;
  /** Steps done, and rows in the output. */
  taken: number;
  made: number;
}

/**
 * Runs as much of a pass as goes into one call: the loop of everything that runs more than one.
 *
 * @returns output rows of each sequence that may be read until the next call
 */
export function advance(session: Session, pass: Pass): number {
  const { streams, first, steps, taken } = pass;
  const { input, output, capacity } = session.image;
  const count = Math.min(Math.floor(capacity.rows / streams), steps - taken);
  for (let s = 0; s < streams; s++) {
    const from = (first + s) * steps + taken;
    for (let t = 0; t < count; t++) {
      session.write(t * streams + s, pass.input, (from + t) * input.width);
    }
  }
  pass.taken += count;
  const made = session.run(pass.slots, streams, count, pass.isEnd && pass.taken === steps);
  if (output.isSingle && made > 0) pass.made = 0;
  for (let s = 0; s < streams; s++) {
    const to = (first + s) * pass.rows + pass.made;
    for (let r = 0; r < made; r++) {
      session.read(r * streams + s, pass.output, (to + r) * output.width);
    }
  }
  pass.made += made;
  return made;
}
