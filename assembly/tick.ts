import { copyFloats, copyVectors } from "./kernels/copy";
import { run } from "./plan";

/**
 * Many streams that advance as their samples come. Each has a place: its state, and behind it its newest output.
 *
 * Samples wait in rows that lie anywhere: the address of the next one, then f32[width]. Those of a place are a ring, of which
 * it knows the newest: that one's next is the oldest.
 */
@unmanaged
export class Tick {
  plan: usize = 0; // Plan
  input: usize = 0; // its input rows, f32[streams][inputStride / 4]
  inputStride: u32 = 0; // bytes
  inputBytes: u32 = 0; // of a sample
  output: usize = 0; // its output rows, f32[rows][streams][outputStride / 4]
  outputStride: u32 = 0; // bytes
  rowsAt: usize = 0; // where it counts them
  streams: u32 = 0; // the most that a call may bring
  slots: usize = 0; // the states of a call, u32[streams]
  rings: usize = 0; // where they keep their newest samples, u32[streams]
  places: usize = 0; // [capacity], each placeBytes
  placeBytes: u32 = 0;
  newest: u32 = 0; // offset of the newest output in a place
  waiting: usize = 0; // newest sample of every place, u32[capacity], 0: none
  waitingEnd: usize = 0; // past it, padded with zeros to a multiple of 16 bytes
  phases: u32 = 0; // how many offsets follow, u32[phases], of counters in a state that decide when a step makes a row
}

/**
 * Takes every sample that waits, those of a stream in their order. Allocates nothing.
 *
 * A call brings one sample of each of many streams that are in the same phase. Whoever has no more makes room for others.
 */
export function tick(at: usize): void {
  const t = changetype<Tick>(at);
  let areLeft: bool;
  do {
    areLeft = false;
    let count: u32 = 0;
    let place = t.places;
    for (let ring = t.waiting; ring < t.waitingEnd; ring += 4, place += t.placeBytes) {
      // Counted without a branch, which half of random arrivals would mispredict.
      store<usize>(t.slots + (count << 2), place);
      store<usize>(t.rings + (count << 2), ring);
      const isReady = load<usize>(ring) != 0;
      if (t.phases && isReady && !areInPhase(t, load<usize>(t.slots), place)) areLeft = true;
      else count += u32(isReady);
      while (count == t.streams) count = step(t, count);
    }
    while (count) count = step(t, count);
  } while (areLeft);
}

/** Whether steps of both streams make rows at the same time. */
function areInPhase(t: Tick, one: usize, other: usize): bool {
  let offset = changetype<usize>(t) + offsetof<Tick>();
  for (const end = offset + (t.phases << 2); offset < end; offset += 4) {
    const at = load<u32>(offset);
    if (load<i32>(one + at) != load<i32>(other + at)) return false;
  }
  return true;
}

/**
 * Reads a word of every cache line of the states, if they are scattered, where processors do not see which come next: they
 * are waited for together, not one by one by the products.
 */
function touch(t: Tick, count: u32): void {
  const first = load<usize>(t.slots);
  const last = first + (count - 1) * t.placeBytes;
  if (load<usize>(t.slots + ((count - 1) << 2)) == last) return;
  for (let s: u32 = 0; s < count; ++s) {
    const place = load<usize>(t.slots + (s << 2));
    for (let i: u32 = 0; i < t.placeBytes; i += 64) load<u32>(place + i);
  }
}

/** One step of so many streams; returns how many have more samples, which then come first. */
function step(t: Tick, count: u32): u32 {
  let input = t.input;
  for (let s: u32 = 0; s < count; ++s, input += t.inputStride) {
    const ring = load<usize>(t.rings + (s << 2));
    const newest = load<usize>(ring);
    const oldest = load<usize>(newest);
    copyFloats(input, oldest + 4, t.inputBytes);
    if (oldest == newest) store<usize>(ring, 0);
    else store<usize>(newest, load<usize>(oldest));
  }
  touch(t, count);
  run(t.plan, t.slots, count, 1, 0);
  const made = load<u32>(t.rowsAt);
  let output = t.output + (made - 1) * count * t.outputStride;
  let left: u32 = 0;
  for (let s: u32 = 0; s < count; ++s, output += t.outputStride) {
    const place = load<usize>(t.slots + (s << 2));
    if (made) copyVectors(place + t.newest, output, t.outputStride);
    const ring = load<usize>(t.rings + (s << 2));
    if (!load<usize>(ring)) continue;
    store<usize>(t.slots + (left << 2), place);
    store<usize>(t.rings + (left << 2), ring);
    ++left;
  }
  return left;
}
