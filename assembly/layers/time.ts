import { copyFloats, copyVectors } from "../kernels/copy";
import { Layer, Plan } from "./layer";

/** The last row of this call: what a recurrent layer returns when it does not return sequences. */
@unmanaged
export class Last extends Layer {
  input: usize = 0; // f32[rows][stride]
  output: usize = 0; // f32[1][stride]
  stride: u32 = 0; // floats
  outputClock: u32 = 0;
}

export function runLast(layer: Last, plan: Plan, from: u32, to: u32): void {
  const bytes = (layer.stride << 2) * plan.streams;
  if (to > from) copyVectors(layer.output, layer.input + (to - 1) * bytes, bytes);
  plan.setRows(layer.outputClock, to > from ? 1 : 0);
}

/** The rows in opposite order. The call must hold the whole sequence. */
@unmanaged
export class Reverse extends Layer {
  input: usize = 0; // f32[rows][stride]
  output: usize = 0; // f32[rows][stride], not the input
  stride: u32 = 0; // floats
}

export function runReverse(layer: Reverse, plan: Plan, from: u32, to: u32): void {
  const bytes = (layer.stride << 2) * plan.streams;
  for (let t = from; t < to; ++t) {
    copyVectors(layer.output + t * bytes, layer.input + (to - 1 - t) * bytes, bytes);
  }
}

/** All rows one after another in one row. The call must hold the whole sequence. */
@unmanaged
export class Flatten extends Layer {
  input: usize = 0; // f32[rows][stride]
  output: usize = 0; // f32[1][outputStride]
  stride: u32 = 0; // floats
  width: u32 = 0; // floats in use per row
  outputStride: u32 = 0; // floats
  outputClock: u32 = 0;
}

export function runFlatten(layer: Flatten, plan: Plan, from: u32, to: u32): void {
  const used = layer.width << 2;
  for (let s: u32 = 0; s < plan.streams; ++s) {
    let y = layer.output + s * (layer.outputStride << 2);
    for (let t = from; t < to; ++t) {
      copyFloats(y, layer.input + (t * plan.streams + s) * layer.stride * 4, used);
      y += used;
    }
  }
  plan.setRows(layer.outputClock, 1);
}
