import { gelu } from "../kernels/full-activation";
import { Combine, combine } from "../kernels/combine";
import { clearVectors, copyFloats, copyVectors } from "../kernels/copy";
import { Matrix, Rows, Span } from "../matrix";
import { activate } from "./activation";
import { addConvolved, convolve, Convolved } from "./convolved";
import { Dense } from "./dense";
import { Layer, Plan } from "./layer";
import { Memory, settleRow, updateWith } from "./memory";
import { attendRow, MemoryAttention } from "./memory-attention";

/** What reads a memory. */
export const enum Reader {
  /** Nobody but whoever wants the newest row. */
  Newest,
  /** Its rows are the output. */
  Rows,
  Dense,
  MemoryAttention,
}

/**
 * Many rows of a memory at once, in chunks of L steps (Chilkuri, Eliasmith 2021): of the state c₀ and the inputs u of a chunk,
 *
 *   c_L = c₀ + (Ā^L - I | Ā^(L-1) B̄ … B̄) (c₀, u);  W c_k = W Ā^k c₀ + Σ W Ā^(k-j) B̄ u_j, 1 ≤ j ≤ k ≤ L
 *
 * so all that W reads of a chunk is one product, and the next state one more. From the zero state on, what is read are
 * convolutions instead. The records that do the same row by row follow, Memory first, in a Loop if a MemoryAttention reads it:
 * rows that are left are theirs.
 */
@unmanaged
export class Prefill extends Layer {
  reader: u32 = 0; // Reader
  least: u32 = 0; // rows from which it is faster
  chunk: u32 = 0; // L
  across: usize = 0; // Matrix, order × (order + L)
  lifted: usize = 0; // Matrix, L · outputs × (order + L), for a Dense as many columns for each channel; 0: none
  bias: usize = 0; // f32[L][outputs], what its product begins with
  outputs: u32 = 0; // floats that are read of one step
  copies: u32 = 0; // chunks, of all streams together, that x and y have room for
  x: usize = 0; // scratch f32[copies][channels][order + L]
  y: usize = 0; // scratch f32[copies][channels, but for a Dense][L][outputs]
  convolved: usize = 0; // Convolved, or 0
  unread: u32 = 0; // the first row whose memory is still to be read
}

/** Does what it can, and notes what is left to the reader; returns the first row that is left to the memory. */
export function prefill(layer: Prefill, plan: Plan, from: u32, to: u32): u32 {
  const isAttention = layer.reader == <u32>Reader.MemoryAttention;
  const at = changetype<usize>(layer) + offsetof<Prefill>();
  const m = changetype<Memory>(isAttention ? at + offsetof<Layer>() : at);
  const isConvolved =
    layer.convolved != 0 && convolve(changetype<Convolved>(layer.convolved), m, plan, from, to);
  const isChunked =
    plan.prefill && to - from >= layer.least && (layer.lifted != 0 || !layer.reader);
  layer.unread = from;
  if (isConvolved) readConvolved(layer, m, plan, from, to - from);
  else if (!isChunked) return from;
  const L = layer.chunk;
  const left = (to - from) % L;
  for (let t = from; t < to - left;) {
    const chunks = min(layer.copies / plan.streams, (to - left - t) / L);
    for (let i: u32 = 0; i < chunks; ++i) cross(layer, m, plan, i, t + i * L);
    if (!isConvolved && layer.lifted) readChunks(layer, m, plan, t, chunks);
    t += chunks * L;
  }
  layer.unread = isConvolved ? to : layer.reader ? to - left : to - 1;
  return to - left;
}

/** The record of what reads the memory. */
function readerOf(m: Memory): usize {
  return changetype<usize>(m) + m.bytes;
}

/** Takes one chunk of every stream, from row t on. Its x stays; the row of its last step is written. */
function cross(layer: Prefill, m: Memory, plan: Plan, chunk: u32, t: u32): void {
  const L = layer.chunk;
  const order = m.order << 2;
  const stride = order + (L << 2);
  const first = layer.x + chunk * plan.streams * m.channels * stride;
  let x = first;
  for (let s: u32 = 0; s < plan.streams; ++s) {
    let c = plan.state(s, m.state);
    for (let channel: u32 = 0; channel < m.channels; ++channel) {
      copyFloats(x, c, order);
      let u = m.input + (t * plan.streams + s) * m.inputStride + (channel << 2);
      for (let at = x + order; at < x + stride; at += 4) {
        store<f32>(at, load<f32>(u));
        u += plan.streams * m.inputStride;
      }
      c += order;
      x += stride;
    }
  }
  updateWith(m, plan, layer.across, first, stride, 0);
  settleRow(m, plan, (t + L - 1) * plan.streams);
}

/** What is read of chunks from row t on, whose x are there. */
function readChunks(layer: Prefill, m: Memory, plan: Plan, t: u32, chunks: u32): void {
  const isAttention = layer.reader == <u32>Reader.MemoryAttention;
  const matrix = changetype<Matrix>(layer.lifted);
  const bytes = layer.outputs << 2;
  const stride = matrix.rows << 2;
  const rows = chunks * plan.streams * (isAttention ? m.channels : 1);
  const x = Rows.at(layer.x, matrix.columns << 2);
  matrix.product(Rows.at(layer.y, stride), Rows.at(layer.bias, 0), x, rows);
  const dense = changetype<Dense>(readerOf(m));
  if (isAttention) gelu(layer.y, rows * matrix.rows);
  else beginRows(dense, plan, t, chunks * layer.chunk);
  let y = layer.y;
  for (let i: u32 = 0; i < chunks; ++i) {
    for (let s: u32 = 0; s < plan.streams; ++s) {
      let row = (t + i * layer.chunk) * plan.streams + s;
      for (let k: u32 = 0; k < stride; k += bytes, row += plan.streams) {
        if (isAttention) attendRow(changetype<MemoryAttention>(readerOf(m)), y + k, stride, row);
        else combine(Combine.Add, dense.output + row * bytes, y + k, bytes);
      }
      y += isAttention ? m.channels * stride : stride;
    }
  }
  if (!isAttention) endRows(dense, plan, t, chunks * layer.chunk);
}

/** What is read of all rows of the call, by their convolutions. */
function readConvolved(layer: Prefill, m: Memory, plan: Plan, from: u32, count: u32): void {
  const c = changetype<Convolved>(layer.convolved);
  const first = from * plan.streams;
  if (layer.reader == <u32>Reader.Rows) {
    const output = m.output + first * m.outputStride;
    clearVectors(output, count * plan.streams * m.outputStride);
    addConvolved(c, plan, count, Rows.at(output, m.outputStride), m.channels, m.order << 2);
    return;
  }
  const dense = changetype<Dense>(readerOf(m));
  const stride = dense.outputs << 2;
  beginRows(dense, plan, from, count);
  addConvolved(c, plan, count, Rows.at(dense.output + first * stride, stride), 1, 0);
  endRows(dense, plan, from, count);
}

/** What a dense record does to rows before it adds to them. */
function beginRows(dense: Dense, plan: Plan, from: u32, count: u32): void {
  const bytes = dense.outputs << 2;
  if (!dense.bias) return;
  let y = dense.output + from * plan.streams * bytes;
  for (const last = y + count * plan.streams * bytes; y < last; y += bytes) {
    copyVectors(y, dense.bias, bytes);
  }
}

/** And afterwards. */
function endRows(dense: Dense, plan: Plan, from: u32, count: u32): void {
  const output = dense.output + ((from * plan.streams * dense.outputs) << 2);
  activate(dense.activation, output, count * plan.streams, dense.outputs, dense.width);
}
