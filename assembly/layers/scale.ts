import { scaleShift } from "../kernels/norm";
import { Layer, Plan } from "./layer";

/** output = input · scale + shift per feature: batch normalisation at inference, rescaling, the basis of the memory. */
@unmanaged
export class Scale extends Layer {
  input: usize = 0; // f32[rows][stride]
  output: usize = 0; // f32[rows][stride], may be the input
  stride: u32 = 0; // floats
  scale: usize = 0; // f32[stride]
  shift: usize = 0; // f32[stride], or 0
}

export function runScale(layer: Scale, plan: Plan, from: u32, to: u32): void {
  const bytes = layer.stride << 2;
  const first = from * plan.streams * bytes;
  const rows = (to - from) * plan.streams;
  scaleShift(layer.output + first, layer.input + first, layer.scale, layer.shift, rows, bytes);
}
