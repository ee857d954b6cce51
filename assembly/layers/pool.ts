import { accumulate, meanOf } from "../kernels/accumulate";
import { combine, Combine, divide } from "../kernels/combine";
import { copyVectors } from "../kernels/copy";
import { Layer, Plan } from "./layer";
import { closeWindow, openWindow, Window } from "./window";

/** Largest or mean value within a window of time. */
@unmanaged
export class Pool extends Layer {
  window: usize = 0; // Window
  output: usize = 0; // f32[rows][window.width]
  outputClock: u32 = 0;
  isMean: u32 = 0;
}

export function runPool(layer: Pool, plan: Plan, from: u32, to: u32): void {
  const window = changetype<Window>(layer.window);
  const count = to - from;
  const outputs = openWindow(window, plan, count);
  const bytes = (window.width << 2) * plan.streams;
  let y = layer.output;
  for (let j: u32 = 0; j < outputs; ++j) {
    const x = window.rows + j * window.stride * bytes;
    copyVectors(y, x, bytes);
    for (let i: u32 = 1; i < window.span; ++i) {
      combine(layer.isMean ? Combine.Add : Combine.Maximum, y, x + i * bytes, bytes);
    }
    if (layer.isMean) divide(y, bytes, <f32>window.span);
    y += bytes;
  }
  closeWindow(window, plan, count, outputs);
  plan.setRows(layer.outputClock, outputs);
}

/** Largest or mean value of the sequence so far: one row per call. */
@unmanaged
export class GlobalPool extends Layer {
  input: usize = 0; // f32[rows][stride]
  output: usize = 0; // f32[1][stride]
  stride: u32 = 0; // floats
  outputClock: u32 = 0;
  isMean: u32 = 0;
  state: u32 = 0; // f64 rows seen, 8 × padding, then the largest so far, f32[stride], or sum and carry, f64[2][stride]
}

export function runGlobalPool(layer: GlobalPool, plan: Plan, from: u32, to: u32): void {
  const bytes = layer.stride << 2;
  for (let s: u32 = 0; s < plan.streams; ++s) {
    const state = plan.state(s, layer.state);
    const pooled = state + 16;
    let seen = load<f64>(state);
    for (let t = from; t < to; ++t) {
      const x = layer.input + (t * plan.streams + s) * bytes;
      if (layer.isMean) accumulate(pooled, x, layer.stride);
      else if (seen == 0) copyVectors(pooled, x, bytes);
      else combine(Combine.Maximum, pooled, x, bytes);
      seen += 1;
    }
    store<f64>(state, seen);
    const output = layer.output + s * bytes;
    if (layer.isMean) meanOf(output, pooled, layer.stride, seen);
    else copyVectors(output, pooled, bytes);
  }
  plan.setRows(layer.outputClock, to > from ? 1 : 0);
}
