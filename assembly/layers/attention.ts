import { attend, ATTENDED } from "../kernels/attend";
import { divide } from "../kernels/combine";
import { clearVectors, copyFloats } from "../kernels/copy";
import { Layer, Plan } from "./layer";

/**
 * Causal attention of several heads (Vaswani et al. 2017): output = softmax(query · keys) · values over all rows so far.
 *
 * Keys and values stay in the rows that a state grows by, each head padded to whole vectors. They are taken in 64 at a time,
 * counted from the first position, so the bits of a row depend on no other row of its call; and 64 by 64 for all rows of
 * a call, so they are read from cache.
 */
@unmanaged
export class Attention extends Layer {
  input: usize = 0; // queries, keys and values side by side, f32[rows][inputStride / 4], each f32[heads][width]
  inputStride: u32 = 0; // bytes
  output: usize = 0; // f32[rows][outputStride / 4]
  outputStride: u32 = 0; // bytes
  heads: u32 = 0;
  width: u32 = 0; // floats of a head
  block: u32 = 0; // where the state has its Block
  rowBytes: u32 = 0; // of all that a state grows by
  keys: u32 = 0; // offset in such a row of f32[heads][padded width]; as many values follow
  factor: f32 = 0; // of the queries
  queries: usize = 0; // scratch f32[rows of a stream][padded width]
  sums: usize = 0; // scratch f32[rows of a stream][padded width]
  running: usize = 0; // scratch f32[rows of a stream][2]
  scores: usize = 0; // scratch f32[68]
}

/** Rows that a state has grown by, in memory that the host gives before each call. */
@unmanaged
export class Block {
  rows: usize = 0;
  capacity: u32 = 0; // rows, a multiple of 64
}

export function runAttention(layer: Attention, plan: Plan, from: u32, to: u32): void {
  for (let s: u32 = 0; s < plan.streams; ++s) {
    const rows = changetype<Block>(plan.state(s, layer.block)).rows + layer.keys;
    keep(layer, plan, s, rows, from, to);
    for (let head: u32 = 0; head < layer.heads; ++head) {
      open(layer, plan, s, head, to - from, from);
      attendAll(layer, rows, head, plan.position(s) + from, to - from);
      close(layer, plan, s, head, to - from, from);
    }
  }
}

/** Bytes of a head in whole vectors. */
function paddedBytes(layer: Attention): u32 {
  return ((layer.width + 3) & ~3) << 2;
}

/** Appends keys and values to the rows of a stream. */
function keep(layer: Attention, plan: Plan, s: u32, rows: usize, from: u32, to: u32): void {
  const bytes = layer.width << 2;
  const padded = paddedBytes(layer);
  const parts: u32 = 2 * layer.heads;
  for (let t = from; t < to; ++t) {
    let x = layer.input + (t * plan.streams + s) * layer.inputStride + layer.heads * bytes;
    let y = rows + (plan.position(s) + t) * layer.rowBytes;
    for (let part: u32 = 0; part < parts; ++part) {
      clearVectors(y + padded - 16, 16);
      copyFloats(y, x, bytes);
      x += bytes;
      y += padded;
    }
  }
}

/** Queries of a head, scaled, and sums of nothing. */
function open(layer: Attention, plan: Plan, s: u32, head: u32, count: u32, from: u32): void {
  const padded = paddedBytes(layer);
  let x = layer.input + (from * plan.streams + s) * layer.inputStride + ((head * layer.width) << 2);
  let query = layer.queries;
  clearVectors(layer.queries, count * padded);
  clearVectors(layer.sums, count * padded);
  for (let t: u32 = 0; t < count; ++t) {
    for (let i: u32 = 0; i < layer.width << 2; i += 4) {
      store<f32>(query + i, load<f32>(x + i) * layer.factor);
    }
    store<f32>(layer.running + (t << 3), -Infinity);
    store<f32>(layer.running + (t << 3), 0, 4);
    x += plan.streams * layer.inputStride;
    query += padded;
  }
}

/** Takes all keys so far into the attention of the rows from a position on. */
function attendAll(layer: Attention, rows: usize, head: u32, position: u32, count: u32): void {
  const padded = paddedBytes(layer);
  const width = padded >> 2;
  const stride = layer.rowBytes;
  const values = layer.heads * padded;
  let keys = rows + head * padded;
  for (let first: u32 = 0; first < position + count; first += ATTENDED) {
    const earliest = first > position ? first - position : 0;
    for (let t = earliest; t < count; ++t) {
      const seen = min<u32>(position + t + 1 - first, ATTENDED);
      const at = t * padded;
      const running = layer.running + (t << 3);
      const query = layer.queries + at;
      attend(
        layer.sums + at,
        running,
        query,
        keys,
        keys + values,
        stride,
        seen,
        width,
        layer.scores,
      );
    }
    keys += ATTENDED * stride;
  }
}

function close(layer: Attention, plan: Plan, s: u32, head: u32, count: u32, from: u32): void {
  const padded = paddedBytes(layer);
  let y =
    layer.output + (from * plan.streams + s) * layer.outputStride + ((head * layer.width) << 2);
  let sums = layer.sums;
  for (let t: u32 = 0; t < count; ++t) {
    divide(sums, padded, load<f32>(layer.running + (t << 3), 4));
    copyFloats(y, sums, layer.width << 2);
    y += plan.streams * layer.outputStride;
    sums += padded;
  }
}
