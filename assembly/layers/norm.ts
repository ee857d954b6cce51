import { layerNorm } from "../kernels/norm";
import { Layer, Plan } from "./layer";

/** Layer normalisation over the features of every row. */
@unmanaged
export class Norm extends Layer {
  input: usize = 0; // f32[rows][stride]
  output: usize = 0; // f32[rows][stride], may be the input
  stride: u32 = 0; // floats
  width: u32 = 0;
  scale: usize = 0; // f32[stride]
  shift: usize = 0; // f32[stride]
  epsilon: f32 = 0;
}

export function runNorm(layer: Norm, plan: Plan, from: u32, to: u32): void {
  const bytes = layer.stride << 2;
  const last = to * plan.streams * bytes;
  for (let row = from * plan.streams * bytes; row < last; row += bytes) {
    layerNorm(
      layer.output + row,
      layer.input + row,
      layer.scale,
      layer.shift,
      layer.width,
      layer.epsilon,
    );
  }
}
