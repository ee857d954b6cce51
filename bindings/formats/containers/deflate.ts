import type { Inflate as Inflater } from "fflate";

/** What unpacks deflate, loaded when a file needs it. */
export type Inflate = typeof Inflater;

/** Deflate makes no byte of less than a 1032nd: 258 bytes of two bits each. */
export const MOST_INFLATED = 1032;

/** Compressed bytes inflated at a time: what goes beyond the room is seen within a 1032-fold of it, 8 MB. */
const PORTION = 8192;

/**
 * Inflates deflated data without a header around it.
 *
 * @returns how many bytes there were; Infinity, with the room full of some of them, where it is too small
 * @throws what fflate throws for other data
 */
export function inflateInto(packed: Uint8Array, room: Uint8Array, Inflate: Inflate): number {
  let length = 0;
  const stream = new Inflate((piece) => {
    if (length + piece.length > room.length) length = Infinity;
    if (length === Infinity) return;
    room.set(piece, length);
    length += piece.length;
  });
  for (let at = 0; at < packed.length && length < Infinity; at += PORTION) {
    stream.push(packed.subarray(at, at + PORTION), at + PORTION >= packed.length);
  }
  return length;
}
