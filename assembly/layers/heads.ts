import { attend, ATTENDED } from "../kernels/attend";
import { divide } from "../kernels/combine";
import { clearVectors, copyFloats } from "../kernels/copy";

/**
 * What attention of several heads (Vaswani et al. 2017) works with: softmax(query · keys) · values of each head.
 *
 * Keys are in rows f32[2][count][padded width], values behind them. They are taken in 64 at a time, counted from the first
 * row, so the bits of an answer depend on no other query of its call; and 64 by 64 for all heads and queries, so they come
 * once from memory. A head after the other, and untouched, a step after 8,000 took 1.5 to 2.2 times as long.
 */
@unmanaged
export class Heads {
  count: u32 = 0;
  width: u32 = 0; // floats of a head
  factor: f32 = 0; // of the queries
  queries: usize = 0; // scratch f32[count][queries][padded width]
  sums: usize = 0; // scratch f32[count][queries][padded width]
  running: usize = 0; // scratch f32[count][queries][2]
  scores: usize = 0; // scratch f32[68]

  /** Bytes of a head in whole vectors. */
  get padded(): u32 {
    return ((this.width + 3) & ~3) << 2;
  }

  /** Copies keys and values that stand side by side to a row. */
  keep(
    row: usize, // f32[2][count][padded width]
    x: usize, // f32[2][count][width]
  ): void {
    const bytes = this.width << 2;
    const padded = this.padded;
    for (let part: u32 = 0; part < 2 * this.count; ++part) {
      clearVectors(row + padded - 16, 16);
      copyFloats(row, x, bytes);
      x += bytes;
      row += padded;
    }
  }

  /** Queries, scaled, and sums of nothing. */
  open(
    x: usize, // f32[queries][count][width], stride bytes apart
    stride: u32,
    queries: u32,
  ): void {
    const padded = this.padded;
    const bytes = this.width << 2;
    const all = this.count * queries;
    clearVectors(this.queries, all * padded);
    clearVectors(this.sums, all * padded);
    let query = this.queries;
    for (let head: u32 = 0; head < this.count; ++head) {
      for (let t: u32 = 0; t < queries; ++t) {
        const from = x + t * stride + head * bytes;
        for (let i: u32 = 0; i < bytes; i += 4) {
          store<f32>(query + i, load<f32>(from + i) * this.factor);
        }
        query += padded;
      }
    }
    for (let i: u32 = 0; i < all; ++i) {
      store<f32>(this.running + (i << 3), -Infinity);
      store<f32>(this.running + (i << 3), 0, 4);
    }
  }

  /** Takes keys and values into the answers, of the first query up to its own row and so on; or all of them. */
  attend(
    rows: usize, // f32[…][2][count][padded width], stride bytes apart
    stride: u32,
    own: u32, // row of the first query
    all: u32, // 0: each query sees the rows up to its own; or how many all see
    queries: u32,
    slopes: usize, // f32[count] of the distance between rows, or 0
  ): void {
    const padded = this.padded;
    const values = this.count * padded;
    const most = all ? all : own + queries;
    for (let first: u32 = 0; first < most; first += ATTENDED) {
      const from: u32 = !all && first > own ? first - own : 0;
      const seen = min<u32>(most - first, ATTENDED);
      for (let row: u32 = 0; row < seen; ++row) touch(rows + row * stride, 2 * values);
      for (let head: u32 = 0; head < this.count; ++head) {
        const keys = rows + head * padded;
        const slope: f32 = slopes ? load<f32>(slopes + (head << 2)) : 0;
        for (let t = from; t < queries; ++t) {
          const query = head * queries + t;
          attend(
            this.sums + query * padded,
            this.running + (query << 3),
            this.queries + query * padded,
            keys,
            keys + values,
            stride,
            min<u32>((all ? all : own + t + 1) - first, ATTENDED),
            padded >> 2,
            this.scores,
            slope,
            <i32>(own + t) - <i32>first,
          );
        }
      }
      rows += ATTENDED * stride;
    }
  }

  /** Writes the answers. */
  close(
    y: usize, // f32[queries][count][width], stride bytes apart
    stride: u32,
    queries: u32,
  ): void {
    const padded = this.padded;
    const bytes = this.width << 2;
    let sums = this.sums;
    for (let head: u32 = 0; head < this.count; ++head) {
      for (let t: u32 = 0; t < queries; ++t) {
        const total = load<f32>(this.running + ((head * queries + t) << 3), 4);
        divide(sums, padded, total);
        copyFloats(y + t * stride + head * bytes, sums, bytes);
        sums += padded;
      }
    }
  }
}

/** Reads a word of every cache line, so that they are waited for together. */
function touch(at: usize, bytes: u32): void {
  for (let i: u32 = 0; i < bytes; i += 64) load<u32>(at + i);
}
