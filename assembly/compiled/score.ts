import { copyFloats } from "../kernels/copy";
import { areSound, call, clear, copyRows, isOfHost, placeAll, TOO_MANY, UNSOUND } from "./calls";
import {
  batch,
  input,
  input_stride,
  inputs,
  isEven,
  isSingle,
  outputs,
  past,
  slots,
  state_bytes,
  steps,
  streams,
} from "./model";
import { Past } from "./past";

/**
 * Runs whole sequences, each from the beginning; the stream is not touched.
 *
 * @returns rows written for each sequence; TOO_MANY if there are no steps, or more than fit; UNSOUND
 */
export function score(
  from: usize, // f32 or token ids i32, [count][length][inputs]
  to: usize, // f32[count][rows][outputs]: rows is 1 if the model returns the last output only
  count: u32,
  length: u32,
): i32 {
  if (!length || length > changetype<Past>(past).maxSteps) return TOO_MANY;
  if (!isOfHost(from, <u64>count * length, inputs << 2)) return TOO_MANY;
  if (!areSound(from, count * length, inputs << 2)) return UNSOUND;
  const inBytes = (length * inputs) << 2;
  const rows = isSingle ? 1 : isEven || !count ? length : pass(from, 0, 1, length, 0);
  if (!isOfHost(to, <u64>count * rows, outputs << 2)) return TOO_MANY;
  const outBytes = (rows * outputs) << 2;
  for (let first: u32 = 0; first < count; first += streams) {
    const some = min(streams, count - first);
    pass(from + first * inBytes, to + first * outBytes, some, length, outBytes);
  }
  return rows;
}

/** Some sequences in lock step; returns the rows of each, which are counted, not written, where they have no bytes. */
function pass(from: usize, to: usize, some: u32, length: u32, outBytes: u32): u32 {
  for (let s: u32 = 0; s < some; ++s) clear(batch + s * state_bytes);
  placeAll(batch, some);
  const width = inputs << 2;
  const most = steps / some;
  let rows: u32 = 0;
  for (let taken: u32 = 0; taken < length;) {
    const n = min(most, length - taken);
    for (let s: u32 = 0; s < some; ++s) {
      for (let t: u32 = 0; t < n; ++t) {
        const row = (s * length + taken + t) * width;
        copyFloats(input + (t * some + s) * input_stride, from + row, width);
      }
    }
    taken += n;
    const got = call(slots, some, n, u32(taken == length));
    if (isSingle) rows = 0;
    if (outBytes) copyRows(to + rows * (outputs << 2), some, 0, got, outBytes);
    rows += got;
  }
  return rows;
}
