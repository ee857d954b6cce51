import { copyVectors } from "../kernels/copy";
import { Layer, Plan } from "./layer";

/**
 * Holds rows back until another clock has as many: where branches meet, each waits for the one that looks furthest ahead.
 *
 * That clock has been counted when this runs. What is held back comes out when the other branch hands out its own last
 * rows, at the end of a sequence too.
 */
@unmanaged
export class Delay extends Layer {
  input: usize = 0; // f32[rows][stride]
  output: usize = 0; // f32[rows of outputClock][stride]
  stride: u32 = 0; // floats
  outputClock: u32 = 0; // of the branch that is waited for
  held: u32 = 0; // rows, the most there are to hold back; not 0
  state: u32 = 0; // i32 place of the oldest row, i32 rows held back, 2 × padding, then a ring of them, f32[held][stride]
}

export function runDelay(layer: Delay, plan: Plan, from: u32, to: u32): void {
  const made = plan.rows(layer.outputClock);
  const bytes = layer.stride << 2;
  const row = bytes * plan.streams;
  for (let s: u32 = 0; s < plan.streams; ++s) {
    const state = plan.state(s, layer.state);
    const ring = state + 16;
    let oldest = load<u32>(state);
    let count = load<u32>(state, 4);
    let output = layer.output + s * bytes;
    let input = layer.input + from * row + s * bytes;
    const waited = min(count, made);
    for (let i: u32 = 0; i < waited; ++i, output += row) {
      copyVectors(output, ring + oldest * bytes, bytes);
      if (++oldest == layer.held) oldest = 0;
    }
    count -= waited;
    const passed = made - waited;
    assert(passed <= to - from, "the other branch is ahead");
    for (let i: u32 = 0; i < passed; ++i, output += row, input += row) {
      copyVectors(output, input, bytes);
    }
    // A row has the place of its number, whether it waited or not: so the places follow from the position.
    oldest = (oldest + passed) % layer.held;
    for (let t = from + passed; t < to; ++t, input += row) {
      assert(count < layer.held, "more rows wait than there is room for");
      copyVectors(ring + ((oldest + count++) % layer.held) * bytes, input, bytes);
    }
    store<u32>(state, oldest);
    store<u32>(state, count, 4);
  }
}
