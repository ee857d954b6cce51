import { attend, ATTENDED } from "../kernels/attend";
import { divide } from "../kernels/combine";
import { clearVectors, copyFloats } from "../kernels/copy";

/**
 * What attention of several heads (Vaswani et al. 2017) works with: softmax(query · keys) · values, a head at a time.
 *
 * Keys are in rows f32[2][count][padded width], values behind them. They are taken in 64 at a time, counted from the first
 * row, so the bits of an answer depend on no other query of its call; and 64 by 64 for all queries, so they are read from
 * cache.
 */
@unmanaged
export class Heads {
  count: u32 = 0;
  width: u32 = 0; // floats of a head
  factor: f32 = 0; // of the queries
  queries: usize = 0; // scratch f32[queries][padded width]
  sums: usize = 0; // scratch f32[queries][padded width]
  running: usize = 0; // scratch f32[queries][2]
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

  /** Queries of a head, scaled, and sums of nothing. */
  open(
    head: u32,
    x: usize, // f32[queries][count][width], stride bytes apart
    stride: u32,
    queries: u32,
  ): void {
    const padded = this.padded;
    x += (head * this.width) << 2;
    let query = this.queries;
    clearVectors(this.queries, queries * padded);
    clearVectors(this.sums, queries * padded);
    for (let t: u32 = 0; t < queries; ++t) {
      for (let i: u32 = 0; i < this.width << 2; i += 4) {
        store<f32>(query + i, load<f32>(x + i) * this.factor);
      }
      store<f32>(this.running + (t << 3), -Infinity);
      store<f32>(this.running + (t << 3), 0, 4);
      x += stride;
      query += padded;
    }
  }

  /** Takes keys and values of a head into the answers, of the first query up to its own row and so on; or all of them. */
  attend(
    head: u32,
    rows: usize, // f32[…][2][count][padded width], stride bytes apart
    stride: u32,
    own: u32, // row of the first query
    all: u32, // 0: each query sees the rows up to its own; or how many all see
    queries: u32,
    slope: f32, // of the distance between rows, 0: none
  ): void {
    const padded = this.padded;
    const scores = this.scores;
    const width = padded >> 2;
    const values = this.count * padded;
    let keys = rows + head * padded;
    const most = all ? all : own + queries;
    for (let first: u32 = 0; first < most; first += ATTENDED) {
      for (let t: u32 = !all && first > own ? first - own : 0; t < queries; ++t) {
        const seen = min<u32>((all ? all : own + t + 1) - first, ATTENDED);
        const at = t * padded;
        attend(
          this.sums + at,
          this.running + (t << 3),
          this.queries + at,
          keys,
          keys + values,
          stride,
          seen,
          width,
          scores,
          slope,
          <i32>(own + t) - <i32>first,
        );
      }
      keys += ATTENDED * stride;
    }
  }

  /** Writes the answers of a head. */
  close(
    head: u32,
    y: usize, // f32[queries][count][width], stride bytes apart
    stride: u32,
    queries: u32,
  ): void {
    y += (head * this.width) << 2;
    let sums = this.sums;
    for (let t: u32 = 0; t < queries; ++t) {
      divide(sums, this.padded, load<f32>(this.running + (t << 3), 4));
      copyFloats(y, sums, this.width << 2);
      y += stride;
      sums += this.padded;
    }
  }
}
