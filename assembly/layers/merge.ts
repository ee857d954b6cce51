import { combine, Combine } from "../kernels/combine";
import { copyFloats, copyVectors } from "../kernels/copy";
import { Layer, Plan } from "./layer";

/** output = a ∘ b, elementwise. */
@unmanaged
export class Merge extends Layer {
  operation: u32 = 0; // Combine
  a: usize = 0; // f32[rows][stride]
  b: usize = 0; // f32[rows][stride]
  output: usize = 0; // f32[rows][stride], may be a
  stride: u32 = 0; // floats
}

export function runMerge(layer: Merge, plan: Plan, from: u32, to: u32): void {
  const row = layer.stride << 2;
  const first = from * plan.streams * row;
  const bytes = (to - from) * plan.streams * row;
  const output = layer.output + first;
  if (layer.output != layer.a) copyVectors(output, layer.a + first, bytes);
  combine(<Combine>layer.operation, output, layer.b + first, bytes);
}

/** Copies features into a place of wider rows: concatenation, one Copy per input. */
@unmanaged
export class Copy extends Layer {
  input: usize = 0; // f32[rows][inputStride / 4]
  inputStride: u32 = 0; // bytes
  output: usize = 0; // first feature written, f32[rows][outputStride / 4]
  outputStride: u32 = 0; // bytes
  width: u32 = 0; // floats
}

export function runCopy(layer: Copy, plan: Plan, from: u32, to: u32): void {
  const bytes = layer.width << 2;
  const last = to * plan.streams;
  for (let row = from * plan.streams; row < last; ++row) {
    copyFloats(
      layer.output + row * layer.outputStride,
      layer.input + row * layer.inputStride,
      bytes,
    );
  }
}
