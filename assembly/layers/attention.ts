import { Heads } from "./heads";
import { Layer, Plan } from "./layer";

/**
 * Causal attention of several heads over all rows so far. Keys and values stay in the rows that a state grows by, each head
 * padded to whole vectors.
 */
@unmanaged
export class Attention extends Layer {
  input: usize = 0; // queries, keys and values side by side, f32[rows][inputStride / 4], each f32[heads][width]
  inputStride: u32 = 0; // bytes
  output: usize = 0; // f32[rows][outputStride / 4]
  outputStride: u32 = 0; // bytes
  heads: usize = 0; // Heads
  block: u32 = 0; // where the state has its Block
  rowBytes: u32 = 0; // of all that a state grows by
  keys: u32 = 0; // offset in such a row of f32[heads][padded width]; as many values follow
}

/** Rows that a state has grown by, in memory that the host gives before each call. */
@unmanaged
export class Block {
  rows: usize = 0;
  capacity: u32 = 0; // rows, a multiple of 64
}

export function runAttention(layer: Attention, plan: Plan, from: u32, to: u32): void {
  const heads = changetype<Heads>(layer.heads);
  const rowBytes = layer.rowBytes;
  const inputStep = plan.streams * layer.inputStride;
  const outputStep = plan.streams * layer.outputStride;
  for (let s: u32 = 0; s < plan.streams; ++s) {
    const rows = changetype<Block>(plan.state(s, layer.block)).rows + layer.keys;
    const own = plan.position(s) + from;
    const x = layer.input + from * inputStep + s * layer.inputStride;
    const y = layer.output + from * outputStep + s * layer.outputStride;
    const parts = heads.count * (heads.width << 2);
    for (let t: u32 = 0; t < to - from; ++t) {
      heads.keep(rows + (own + t) * rowBytes, x + t * inputStep + parts);
    }
    heads.open(x, inputStep, to - from);
    heads.attend(rows, rowBytes, own, 0, to - from, 0);
    heads.close(y, outputStep, to - from);
  }
}
