import { gelu } from "../kernels/full-activation";
import { divide } from "../kernels/combine";
import { clearVectors } from "../kernels/copy";
import { dots } from "../kernels/dots";
import { gram } from "../kernels/gram";
import { softmax } from "../kernels/softmax";
import { weigh } from "../kernels/weigh";
import { Matrix, Rows } from "../matrix";
import { Layer, Plan } from "./layer";

/**
 * What the LMU language model makes of a memory M [order, channels] (Chilkuri et al. 2021, arXiv 2110.02402):
 *
 *   Q = gelu(L_q M + b_q), K and V likewise, each [rank, channels]; output = p softmax(Q Kᵀ / √channels) V
 *
 * p times the softmax first: one row of rank weights then reads V. Follows the Memory record that updates M, step by step.
 */
@unmanaged
export class MemoryAttention extends Layer {
  state: u32 = 0; // M, f32[channels][order]
  order: u32 = 0;
  channels: u32 = 0;
  output: usize = 0; // f32[rows][outputStride / 4]
  outputStride: u32 = 0; // bytes
  weights: usize = 0; // Matrix, rows × order, the first 3 · padded rank of them: queries, keys, values
  bias: usize = 0; // f32[rows]
  mix: usize = 0; // p, f32[rank]
  rank: u32 = 0;
  divisor: f32 = 0; // √channels
  projected: usize = 0; // scratch f32[padded channels][rows]
  scores: usize = 0; // scratch f32[padded rank + 1][padded rank]; the last row is p softmax(…)
}

export function runMemoryAttention(layer: MemoryAttention, plan: Plan, from: u32, to: u32): void {
  const size: u32 = (layer.rank + 3) & ~3;
  const matrix = changetype<Matrix>(layer.weights);
  const stride = matrix.rows << 2;
  const channels = layer.channels;
  const QKV = Rows.at(layer.projected, stride);
  for (let row = from * plan.streams; row < to * plan.streams; ++row) {
    const M = Rows.at(plan.state(row % plan.streams, layer.state), layer.order << 2);
    matrix.product(QKV, Rows.at(layer.bias, 0), M, channels);
    for (let c: u32 = 0; c < channels; ++c) gelu(layer.projected + c * stride, 3 * size);
    attendRow(layer, layer.projected, stride, row);
  }
}

/** One output row of queries, keys and values. */
export function attendRow(
  layer: MemoryAttention,
  queries: usize, // f32[channels][padded rank], followed by as many keys and values; stride bytes apart
  stride: u32,
  row: u32,
): void {
  const size: u32 = (layer.rank + 3) & ~3;
  const bytes = size << 2;
  const channels = layer.channels;
  const mixed = layer.scores + size * bytes;
  const keys = queries + bytes;
  gram(layer.scores, queries, keys, stride, channels, size);
  divide(layer.scores, size * bytes, layer.divisor);
  for (let i: u32 = 0; i < layer.rank; ++i) softmax(layer.scores + i * bytes, layer.rank);
  clearVectors(mixed, bytes);
  weigh(mixed, layer.mix, layer.scores, bytes, layer.rank, size, 0);
  // Columns past the rank are zero: gelu(0).
  const y = layer.output + row * layer.outputStride;
  dots(y, mixed, keys + bytes, stride, channels, size);
}
