import { PLAN_WORDS } from "./records.js";
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
  /** Only the newest row is wanted, of a model that gives more. */
  isNewest?: boolean;
  /** How memories may take the rows, Many in assembly/layers/convolved.ts: step by step unless given. */
  many?: number;
  /** Receives [sequences][rows][output width]: all rows, or the newest if one is wanted or given. */
  output: Float32Array;
  rows: number;
  /** Steps done, and rows in the output. */
  taken: number;
  made: number;
}

/**
 * Runs as much of a pass as goes into one call: the loop of everything that runs more than one.
 *
 * @param most - steps it may take, at least 1
 * @returns output rows of each sequence that may be read until the next call
 */
export function advance(session: Session, pass: Pass, most = Infinity): number {
  const { streams, first, input, steps, isNewest, many = 0, output, rows, taken } = pass;
  const { image } = session;
  const count = Math.min(Math.floor(image.capacity.rows / streams), steps - taken, most);
  for (let t = 0; t < count; t++) {
    for (let s = 0; s < streams; s++) {
      const step = (first + s) * steps + taken + t;
      session.write(t * streams + s, input, step * image.input.width);
    }
  }
  pass.taken += count;
  const isEnd = pass.isEnd && pass.taken === steps;
  // The last word of a plan's header; other calls find it 0.
  const at = image.at / 4 + PLAN_WORDS - 1;
  session.integers[at] = many;
  const made = session.run(pass.slots, streams, count, isEnd, isNewest);
  session.integers[at] = 0;
  if (many > 1) pass.many = 3;
  if ((image.output.isSingle || isNewest) && made > 0) pass.made = 0;
  const { stride, width } = image.output;
  // Rows of one stream that are not padded follow one another.
  const piece = !isNewest && streams * stride === 4 * width ? made : 1;
  for (let r = isNewest ? Math.max(0, made - 1) : 0; r < made; r += piece, pass.made += piece) {
    for (let s = 0; s < streams; s++) {
      const row = (first + s) * rows + pass.made;
      session.read(r * streams + s, output, row * width, piece);
    }
  }
  return made;
}
