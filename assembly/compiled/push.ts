import { call, copyRows, goesOn, isOfHost, place, TOO_MANY, UNSOUND } from "./calls";
import {
  heap,
  input,
  input_stride,
  inputs,
  isSingle,
  late,
  outputs,
  state,
  steps,
  vocabulary,
} from "./model";
import { latest } from "./snapshot";

/** The sequence ends with these samples. */
const ENDS: u32 = 1;
/** One row of output, the newest, whenever it was made. */
const NEWEST: u32 = 2;

/**
 * Makes sure that so many bytes from heap on are there; memory grows if need be.
 *
 * @returns heap, -1 if there is no more memory to be had
 */
export function room(bytes: u32): i32 {
  const end = (<u64>memory.size()) << 16;
  const wanted = <u64>heap + bytes;
  if (wanted > end && memory.grow(<i32>((wanted - end + 0xffff) >> 16)) < 0) return -1;
  return <i32>heap;
}

/**
 * step for as many samples as there are, which stand at heap as dynamic languages have numbers, f64[n][inputs], and are rounded
 * to f32, or token ids. Their outputs stand behind them, f32[rows][outputs]: of models that return the last output alone, and
 * if it is all that is wanted, one row, the newest, NaN before the first.
 *
 * @returns rows; TOO_MANY also if there is no memory for them; UNSOUND
 */
export function push(n: u32, how: u32): i32 {
  const values = <u64>n * inputs;
  if (!goesOn(state, n) || !isOfHost(heap, values, 8)) return TOO_MANY;
  if (!areNumbers(heap, <u32>values)) return UNSOUND;
  const isNewest = u32(isSingle | (how & NEWEST)) != 0;
  const most: u64 = isNewest ? 1 : <u64>n + late;
  const bytes = (values << 3) + most * (outputs << 2);
  if (bytes >> 32 || room(<u32>bytes) < 0) return TOO_MANY;
  const to = heap + <usize>(values << 3);
  let rows: u32 = 0;
  for (let taken: u32 = 0; taken < n;) {
    const some = min(steps, n - taken);
    take(heap + ((taken * inputs) << 3), some);
    taken += some;
    rows += keep(call(place(state), 1, some, 0), to, rows, isNewest);
  }
  if (how & ENDS) rows += keep(call(place(state), 1, 0, 1), to, rows, isNewest);
  if (!isNewest) return rows;
  if (!rows) repeat(to);
  return 1;
}

/** Whether all are finite as f32, or token ids. */
function areNumbers(at: usize, count: u32): bool {
  for (const end = at + (count << 3); at < end; at += 8) {
    const value = load<f64>(at);
    const single = <f32>value;
    if (vocabulary) {
      if (!(value >= 0 && value < <f64>vocabulary && floor(value) == value)) return false;
    } else if (single - single != 0) return false;
  }
  return true;
}

/** Numbers as rows of input. */
function take(from: usize, rows: u32): void {
  for (let row: u32 = 0; row < rows; ++row) {
    const at = input + row * input_stride;
    for (let i: u32 = 0; i < inputs; ++i, from += 8) {
      if (vocabulary) store<u32>(at + (i << 2), <u32>load<f64>(from));
      else store<f32>(at + (i << 2), <f32>load<f64>(from));
    }
  }
}

/** Keeps the rows of a call, or the newest; returns their number. */
function keep(rows: u32, to: usize, before: u32, isNewest: bool): u32 {
  if (!isNewest) copyRows(to + before * (outputs << 2), 1, 0, rows, 0);
  else if (rows) copyRows(to, 1, rows - 1, rows, 0);
  return rows;
}

/** The output that was the newest already. */
function repeat(to: usize): void {
  const at = latest(state);
  for (let i: u32 = 0; i < outputs << 2; i += 4)
    store<f32>(to + i, at ? load<f32>(at + i) : f32.NaN);
}
