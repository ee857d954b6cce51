import {
  areSound,
  areStates,
  call,
  clear,
  goesOn,
  place,
  placeAll,
  TOO_MANY,
  UNSOUND,
} from "./calls";
import { input, input_stride, slots, state, state_bytes, steps, streams } from "./model";

/**
 * Takes the first n rows of input.
 *
 * @returns rows of output, TOO_MANY also after the end of the sequence, UNSOUND
 */
export function step(n: u32): i32 {
  if (n > steps || !goesOn(state, n)) return TOO_MANY;
  if (!areSound(input, n, input_stride)) return UNSOUND;
  return n ? call(place(state), 1, n, 0) : 0;
}

/** Ends the sequence; returns the rows that look-ahead held back, TOO_MANY if it has ended before. */
export function end(): i32 {
  if (!goesOn(state, 0)) return TOO_MANY;
  return call(place(state), 1, 0, 1);
}

/** Back to the beginning of a sequence. */
export function reset(): void {
  clear(state);
}

/**
 * The same as step, and end if ends is not 0, for many streams at once: rows are [n][streams].
 *
 * @returns rows of each stream, TOO_MANY rows or streams for a call or after the end of a sequence, UNSOUND
 */
export function run(
  at: usize, // states side by side; zeros are the beginning of a sequence
  count: u32,
  n: u32,
  ends: u32,
): i32 {
  if (count - 1 >= streams || n > steps / count || !areStates(at, count)) return TOO_MANY;
  for (let s: u32 = 0; s < count; ++s) {
    if (!goesOn(at + s * state_bytes, n)) return TOO_MANY;
  }
  if (!areSound(input, n * count, input_stride)) return UNSOUND;
  placeAll(at, count);
  return n | ends ? call(slots, count, n, u32(ends != 0)) : 0;
}
