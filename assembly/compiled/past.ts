/*
 * What a compiled model knows of its states beyond the plan: which numbers of one a snapshot holds, as a table that
 * bindings/compile/past.ts writes: Past, counters, parts. Its numbers are doubles, exact up to 2^53.
 */
import { copyFloats } from "../kernels/copy";
import { State } from "../state";

/** Header of the table. */
@unmanaged
export class Past {
  fingerprintA: f64 = 0;
  fingerprintB: f64 = 0;
  stateBytes: f64 = 0;
  newest: f64 = 0; // offset in a state of 16 bytes, the first not 0 if there is a newest output, and that; 0: none is kept
  newestWidth: f64 = 0; // floats
  begin: f64 = 0; // steps until there is a newest output
  beginEnded: f64 = 0; // the same of a sequence that ends with them
  isRenewed: f64 = 0; // by every step: then no snapshot has it
  maxSteps: f64 = 0; // of a sequence
  counters: f64 = 0;
  parts: f64 = 0;
}

/** A field of a state, a ring of rows. The counts of its first row and of its rows in use follow. */
@unmanaged
export class Part {
  offset: f64 = 0;
  rows: f64 = 0;
  columns: f64 = 0;
  stride: f64 = 0; // elements from row to row
  isDouble: f64 = 0;
  isFine: f64 = 0; // beyond what rounded snapshots hold
  isPartial: f64 = 0; // not all rows are in use
  more: f64 = 0; // rows in use besides those counted
}

/** A number of a state that follows from the position. Its count follows. */
@unmanaged
export class Counter {
  offset: f64 = 0;
  isDouble: f64 = 0; // an i32 otherwise
}

/** Rows of a clock after n steps, n > 0: the larger of least and ⌊(n + more) / stepsPerRow⌋. */
@unmanaged
export class Rate {
  least: f64 = 0;
  more: f64 = 0;
  stepsPerRow: f64 = 0;

  rows(steps: i64): i64 {
    return steps ? max(<i64>this.least, (steps + <i64>this.more) / <i64>this.stepsPerRow) : 0;
  }
}

/** The first rate's rows less so many times the second's: the rates stand before it. */
@unmanaged
export class Count {
  times: f64 = 0;
  modulo: f64 = 0; // what it is divided by for the rest; 0: it is not
}

const COUNT_BYTES = 2 * offsetof<Rate>() + offsetof<Count>();
const PART_BYTES = offsetof<Part>() + 2 * COUNT_BYTES;
const COUNTER_BYTES = offsetof<Counter>() + COUNT_BYTES;

function countAfter(at: usize, steps: i64): i64 {
  const count = changetype<Count>(at + 2 * offsetof<Rate>());
  const less = changetype<Rate>(at + offsetof<Rate>()).rows(steps);
  const rows = changetype<Rate>(at).rows(steps) - <i64>count.times * less;
  return count.modulo ? rows % <i64>count.modulo : rows;
}

/** Gives a state the numbers that follow from its position. */
export function count(past: Past, state: usize): void {
  const steps = <i64>changetype<State>(state).position;
  let at = changetype<usize>(past) + offsetof<Past>();
  for (let i: u32 = 0; i < <u32>past.counters; ++i, at += COUNTER_BYTES) {
    const counter = changetype<Counter>(at);
    const value = countAfter(at + offsetof<Counter>(), steps);
    const place = state + <u32>counter.offset;
    if (counter.isDouble) store<f64>(place, <f64>value);
    else store<i32>(place, <i32>value);
  }
}

/** How a snapshot stores floats. */
export const enum DType {
  F32,
  F16,
  Int8,
}

/** What to do with the numbers of a snapshot. */
export const enum Task {
  Measure,
  Save, // as f32
  Check,
  Restore,
}

/** Numbers that share a scale in int8; in f16 all of a part do. */
const BLOCK: u32 = 16;

/**
 * Goes through the numbers of a snapshot.
 *
 * @returns bytes of them, a multiple of 4; -1 if one of a field is not finite
 */
export function transfer(
  task: Task,
  past: Past,
  state: usize, // read by Save, written by Restore
  position: f64,
  ended: u32,
  numbers: usize,
  dtype: DType,
): i32 {
  const steps = <i64>position;
  let at = numbers;
  let next = changetype<usize>(past) + offsetof<Past>() + <usize>past.counters * COUNTER_BYTES;
  for (let i: u32 = 0; i < <u32>past.parts; ++i, next += PART_BYTES) {
    const part = changetype<Part>(next);
    if (part.isFine && dtype != DType.F32) continue;
    let first: u32 = 0;
    let rows = <u32>part.rows;
    if (part.isPartial) {
      const counts = next + offsetof<Part>();
      first = <u32>countAfter(counts, steps);
      rows = <u32>max<i64>(0, countAfter(counts + COUNT_BYTES, steps) + <i64>part.more);
      if (ended) rows = 0;
    }
    const bytes = transferPart(task, part, state, first, rows, at, dtype);
    if (bytes < 0) return -1;
    at += bytes;
  }
  if (past.newest && !past.isRenewed && position >= (ended ? past.beginEnded : past.begin)) {
    const newest = state + <u32>past.newest;
    const bytes = (<u32>past.newestWidth) << 2;
    if (task == Task.Save) copyFloats(at, newest + 16, bytes);
    if (task == Task.Restore) {
      store<u32>(newest, 1);
      copyFloats(newest + 16, at, bytes);
    }
    at += bytes;
  }
  return <i32>(at - numbers);
}

/** The rows in use of a field, from one on and around its end: scales, numbers, zeros. */
function transferPart(
  task: Task,
  part: Part,
  state: usize,
  first: u32,
  rows: u32,
  at: usize,
  dtype: DType,
): i32 {
  const columns = <u32>part.columns;
  const isDouble = part.isDouble != 0;
  const length = rows * columns;
  const isRounded = !isDouble && dtype != DType.F32;
  const block = dtype == DType.F16 ? max(length, 1) : BLOCK;
  const numbers = isRounded ? at + (((length + block - 1) / block) << 2) : at;
  const size: u32 = isDouble ? 8 : isRounded ? (dtype == DType.F16 ? 2 : 1) : 4;
  for (let i: u32 = 0; task != Task.Measure && i < length; ++i) {
    const row = (first + i / columns) % <u32>part.rows;
    const element = row * <u32>part.stride + (i % columns);
    const place = state + <u32>part.offset + element * (isDouble ? 8 : 4);
    const stored = numbers + i * size;
    if (isDouble) {
      const value = load<f64>(task == Task.Save ? place : stored);
      if (value - value != 0) return -1;
      if (task != Task.Check) store<f64>(task == Task.Save ? stored : place, value);
      continue;
    }
    const scale = isRounded ? load<f32>(at + ((i / block) << 2)) : 1;
    const value = task == Task.Save ? load<f32>(place) : read(stored, dtype, scale);
    if (value - value != 0) return -1;
    if (task != Task.Check) store<f32>(task == Task.Save ? stored : place, value);
  }
  return <i32>((numbers - at + length * size + 3) & ~3);
}

/** A number as a snapshot has it. */
function read(at: usize, dtype: DType, scale: f32): f32 {
  if (dtype == DType.F32) return load<f32>(at);
  const value = dtype == DType.F16 ? fromHalf(load<u16>(at)) : <f32>load<i8>(at);
  return <f32>(<f64>value * <f64>scale);
}

/** IEEE half precision, exactly: its exponent is less by 112 than that of a float. */
function fromHalf(bits: u32): f32 {
  const isFinite = (bits & 0x7c00) != 0x7c00;
  const magnitude = reinterpret<f32>((bits & 0x7fff) << 13) * reinterpret<f32>(239 << 23);
  const value: f32 = isFinite ? magnitude : f32.NaN;
  return bits & 0x8000 ? -value : value;
}
