/** Copies whole vectors; bytes is a multiple of 16. A loop, because a call of memory.copy costs more than small rows do. */
export function copyVectors(to: usize, from: usize, bytes: u32): void {
  assert((to | from) % 4 == 0, "a row is not aligned");
  assert(bytes % 16 == 0, "bytes is no multiple of 16");
  assert(to <= from || to >= from + bytes, "to overlaps what is still to be copied");
  for (const end = from + bytes; from < end; from += 16, to += 16) {
    v128.store(to, v128.load(from));
  }
}

/** Copies floats; bytes is a multiple of 4. */
export function copyFloats(to: usize, from: usize, bytes: u32): void {
  assert(bytes % 4 == 0, "bytes is no multiple of 4");
  const whole = bytes & ~15;
  copyVectors(to, from, whole);
  for (let i = whole; i < bytes; i += 4) store<f32>(to + i, load<f32>(from + i));
}

/** Fills whole vectors with zeros; bytes is a multiple of 16. */
export function clearVectors(at: usize, bytes: u32): void {
  assert(at % 4 == 0, "at is not aligned");
  assert(bytes % 16 == 0, "bytes is no multiple of 16");
  for (const end = at + bytes; at < end; at += 16) v128.store(at, f32x4.splat(0));
}
