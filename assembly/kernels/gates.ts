import * as C from "../simd/constants";
import { madd } from "../simd/f32x4";

/*
 * The elementwise half of gated recurrences: everything after the matrix products and the activations.
 * Rows are padded to a multiple of 4 floats; bytes is the padded length.
 */

/** c ← f·c + i·g, and a copy of it for the output activation. Error: one rounding per operation. */
export function updateCell(
  c: usize, // f32[bytes / 4], in and out
  f: usize,
  i: usize,
  g: usize,
  copy: usize,
  bytes: u32,
): void {
  assert((c | f | i | g | copy) % 4 == 0, "a row is not aligned");
  assert(bytes % 16 == 0, "bytes is no multiple of 16");
  for (let at: u32 = 0; at < bytes; at += 16) {
    const kept = f32x4.mul(v128.load(f + at), v128.load(c + at));
    const next = madd(kept, v128.load(i + at), v128.load(g + at));
    v128.store(c + at, next);
    v128.store(copy + at, next);
  }
}

/** y = a·b. */
export function multiply(y: usize, a: usize, b: usize, bytes: u32): void {
  assert((y | a | b) % 4 == 0, "a row is not aligned");
  assert(bytes % 16 == 0, "bytes is no multiple of 16");
  for (let at: u32 = 0; at < bytes; at += 16) {
    v128.store(y + at, f32x4.mul(v128.load(a + at), v128.load(b + at)));
  }
}

/** y ← y + a·b. */
export function multiplyAdd(y: usize, a: usize, b: usize, bytes: u32): void {
  assert((y | a | b) % 4 == 0, "a row is not aligned");
  assert(bytes % 16 == 0, "bytes is no multiple of 16");
  for (let at: u32 = 0; at < bytes; at += 16) {
    v128.store(y + at, madd(v128.load(y + at), v128.load(a + at), v128.load(b + at)));
  }
}

/** y = z·h + (1 - z)·candidate. Error: one rounding per operation. */
export function mix(y: usize, z: usize, h: usize, candidate: usize, bytes: u32): void {
  assert((y | z | h | candidate) % 4 == 0, "a row is not aligned");
  assert(bytes % 16 == 0, "bytes is no multiple of 16");
  for (let at: u32 = 0; at < bytes; at += 16) {
    const keep = v128.load(z + at);
    const kept = f32x4.mul(keep, v128.load(h + at));
    v128.store(y + at, madd(kept, f32x4.sub(v128.load(C.ONE), keep), v128.load(candidate + at)));
  }
}
