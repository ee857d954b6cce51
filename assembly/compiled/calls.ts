import { clearVectors, copyFloats } from "../kernels/copy";
import { run } from "../plan";
import { Block } from "../layers/attention";
import { State } from "../state";
import {
  block,
  grown,
  heap,
  input,
  inputs,
  made,
  output,
  output_stride,
  outputs,
  past,
  plan,
  slots,
  state,
  state_bytes,
  vocabulary,
} from "./model";
import { Past } from "./past";

/** Nothing has been done: a call brings more than fits, or goes on with a sequence that has ended. */
export const TOO_MANY: i32 = -1;
/** Nothing has been done: a float is not finite, or a number no token id. */
export const UNSOUND: i32 = -2;

/** One call of the plan; returns the output rows of each stream. Newest outputs go where later steps may ask for them. */
export function call(table: usize, streams: u32, count: u32, ends: u32): u32 {
  run(plan, table, streams, count, ends);
  const rows = load<u32>(made);
  const newest = <u32>changetype<Past>(past).newest;
  if (!newest || !rows) return rows;
  for (let s: u32 = 0; s < streams; ++s) {
    const at = load<usize>(table + (s << 2)) + newest;
    store<u32>(at, 1);
    copyFloats(at + 16, output + ((rows - 1) * streams + s) * output_stride, outputs << 2);
  }
  return rows;
}

/** Copies rows of a call, which are [row][stream], to where each stream has its own, so many bytes apart. */
export function copyRows(to: usize, count: u32, from: u32, end: u32, bytes: u32): void {
  const width = outputs << 2;
  for (let s: u32 = 0; s < count; ++s) {
    for (let row = from; row < end; ++row) {
      const at = output + (row * count + s) * output_stride;
      copyFloats(to + s * bytes + (row - from) * width, at, width);
    }
  }
}

/** Whether samples can be taken: a recurrent state would remember a NaN for ever, and no table has a row for every number. */
export function areSound(at: usize, rows: u32, stride: u32): bool {
  for (let row: u32 = 0; row < rows; ++row, at += stride) {
    for (let i: u32 = 0; i < inputs; ++i) {
      const bits = load<u32>(at + (i << 2));
      if (vocabulary ? bits >= vocabulary : (bits & 0x7f800000) == 0x7f800000) return false;
    }
  }
  return true;
}

/** Whether so many rows are in memory that is the host's. */
export function isOfHost(at: usize, rows: u64, bytes: u32): bool {
  const end = (<u64>memory.size()) << 16;
  return at >= heap && at <= end && rows <= (end - at) / bytes;
}

/** Whether so many states stand there: the host's, or the one of the stream. */
export function areStates(at: usize, count: u32): bool {
  return (at == state && count == 1) || isOfHost(at, count, state_bytes);
}

/** Whether a sequence can go on for so many steps. */
export function goesOn(at: usize, n: u32): bool {
  const stream = changetype<State>(at);
  return !stream.ended && stream.position + <f64>n <= changetype<Past>(past).maxSteps;
}

/** Tells a state where it is, for states may come from elsewhere; returns its own slot. */
export function place(at: usize): usize {
  changetype<State>(at).slot = at;
  if (grown) changetype<Block>(at + block).rows = at + grown;
  return at + offsetof<State>("slot");
}

/** States that stand side by side, in the slots. */
export function placeAll(at: usize, count: u32): void {
  for (let s: u32 = 0; s < count; ++s, at += state_bytes) {
    place(at);
    store<u32>(slots + (s << 2), at);
  }
}

/** Back to the beginning of a sequence. Nothing reads rows that have not been written. */
export function clear(at: usize): void {
  clearVectors(at, grown ? grown : state_bytes);
}
