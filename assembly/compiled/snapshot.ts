/*
 * Snapshots of a compiled model's states: the bytes that docs/snapshots.md specifies and bindings/model/snapshot.ts writes
 * and reads, too.
 */
import { clearVectors } from "../kernels/copy";
import { areStates, isOfHost } from "./calls";
import { past as table } from "./model";
import { count, DType, Past, Task, transfer } from "./past";
import { State } from "../state";

/** What a snapshot begins with. */
@unmanaged
class Header {
  magic: u32 = 0;
  kind: u32 = 0; // version, type << 8, ended << 16
  fingerprintA: u32 = 0;
  fingerprintB: u32 = 0;
  position: u64 = 0; // nowhere in wasm must numbers be aligned
}

/** "LMUs", little-endian. */
const MAGIC: u32 = 0x73554d4c;
const VERSION: u32 = 1;
/** Bytes of the checksum. */
const TAIL: u32 = 8;

/** Why a snapshot is refused. */
const enum Refusal {
  None,
  Invalid,
  Newer,
  OtherModel,
}

/** Two chains over words, each word taken in by steps that can be undone; the second in the upper half. */
function hashOf(at: usize, bytes: u32): u64 {
  let a: u32 = 0x9e3779b9;
  let b: u32 = 0x3c6ef372;
  for (const end = at + bytes; at < end; at += 4) {
    const word = load<u32>(at);
    a = (a ^ word) * 0x7feb352d;
    a ^= a >> 15;
    b = (b ^ word) * 0x846ca68b;
    b ^= b >> 13;
  }
  return ((<u64>b) << 32) | (<u64>a);
}

/** Address of a state's newest output, f32[outputs]; 0 before there is one, and where every step has a row of its own. */
export function latest(state: usize): usize {
  const newest = <u32>changetype<Past>(table).newest;
  return newest && load<u32>(state + newest) ? state + newest + 16 : 0;
}

/** Writes the snapshot of a state, floats as they are; returns its bytes, 0 if there is no room or the state is not finite. */
export function save(state: usize, to: usize): u32 {
  const past = changetype<Past>(table);
  if (!areStates(state, 1)) return 0;
  const position = changetype<State>(state).position;
  const ended = changetype<State>(state).ended;
  const header = changetype<Header>(to);
  const numbers = to + offsetof<Header>();
  const length = transfer(Task.Measure, past, state, position, ended, numbers, DType.F32);
  if (!isOfHost(to, offsetof<Header>() + length + TAIL, 1)) return 0;
  const bytes = transfer(Task.Save, past, state, position, ended, numbers, DType.F32);
  if (bytes < 0) return 0;
  header.magic = MAGIC;
  header.kind = VERSION | (ended << 16);
  header.fingerprintA = <u32>past.fingerprintA;
  header.fingerprintB = <u32>past.fingerprintB;
  header.position = <u64>position;
  const end = numbers + bytes;
  store<u64>(end, hashOf(to, <u32>(end - to)));
  return <u32>(end - to) + TAIL;
}

/**
 * Makes a snapshot of any type the past of a state; where it is refused, the state is as it was.
 *
 * @returns 0; 1 if it is broken, 2 of a newer form, 3 of another model
 */
export function restore(state: usize, from: usize, bytes: u32): i32 {
  const past = changetype<Past>(table);
  const header = changetype<Header>(from);
  const least = <u32>offsetof<Header>() + TAIL;
  if (!areStates(state, 1) || !isOfHost(from, bytes, 1)) return Refusal.Invalid;
  if (bytes < least || bytes & 3 || header.magic != MAGIC) return Refusal.Invalid;
  if (hashOf(from, bytes - TAIL) != load<u64>(from + bytes - TAIL)) return Refusal.Invalid;
  const kind = header.kind;
  const position = header.position;
  if ((kind & 255) > VERSION) return Refusal.Newer;
  if (header.fingerprintA != <u32>past.fingerprintA) return Refusal.OtherModel;
  if (header.fingerprintB != <u32>past.fingerprintB) return Refusal.OtherModel;
  const dtype = <DType>((kind >> 8) & 255);
  const ended = kind >> 16;
  const isLong = position > <u64>past.maxSteps;
  if (!(kind & 255) || dtype > DType.Int8 || ended > 1 || isLong) return Refusal.Invalid;
  const steps = <f64>position;
  const numbers = from + offsetof<Header>();
  const expected = transfer(Task.Measure, past, state, steps, ended, numbers, dtype);
  if (<u32>expected != bytes - least) return Refusal.Invalid;
  if (transfer(Task.Check, past, state, steps, ended, numbers, dtype) < 0) return Refusal.Invalid;
  clearVectors(state, <u32>past.stateBytes);
  changetype<State>(state).position = steps;
  changetype<State>(state).ended = ended;
  if (!ended) count(past, state);
  transfer(Task.Restore, past, state, steps, ended, numbers, dtype);
  return Refusal.None;
}
