import { combine, Combine } from "../kernels/combine";
import { copyVectors } from "../kernels/copy";
import { Layer, Plan } from "./layer";

/** output = input + table[position]: learned positions. The host has checked that the table is long enough. */
@unmanaged
export class Positions extends Layer {
  input: usize = 0; // f32[rows][stride]
  output: usize = 0; // f32[rows][stride]
  stride: u32 = 0; // floats
  table: usize = 0; // f32[positions][stride]
}

export function runPositions(layer: Positions, plan: Plan, from: u32, to: u32): void {
  const bytes = layer.stride << 2;
  for (let t = from; t < to; ++t) {
    for (let s: u32 = 0; s < plan.streams; ++s) {
      const row = (t * plan.streams + s) * bytes;
      copyVectors(layer.output + row, layer.input + row, bytes);
      const position = plan.position(s) + t;
      combine(Combine.Add, layer.output + row, layer.table + position * bytes, bytes);
    }
  }
}
