import { Matrix } from "../matrix";
import { Layer, Plan } from "./layer";

/** output = table[id]. The host has checked the ids. The table is a matrix, so that a head may multiply with the same one. */
@unmanaged
export class Embedding extends Layer {
  input: usize = 0; // i32[rows][inputStride / 4], the id first
  output: usize = 0; // f32[rows][stride]
  stride: u32 = 0; // floats
  inputStride: u32 = 0; // bytes
  table: usize = 0; // Matrix, vocabulary × columns
}

export function runEmbedding(layer: Embedding, plan: Plan, from: u32, to: u32): void {
  const bytes = layer.stride << 2;
  const last = to * plan.streams;
  for (let row = from * plan.streams; row < last; ++row) {
    const id = load<u32>(layer.input + row * layer.inputStride);
    changetype<Matrix>(layer.table).copyRow(layer.output + row * bytes, id);
  }
}
