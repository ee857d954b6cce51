/** How two rows become one. */
export const enum Combine {
  Add,
  Subtract,
  Multiply,
  Maximum,
  Minimum,
}

/** y = y ∘ x elementwise over bytes, a multiple of 16. One rounding. */
export function combine(operation: Combine, y: usize, x: usize, bytes: u32): void {
  assert(operation <= Combine.Minimum, "operation is unknown");
  assert((y | x) % 4 == 0, "a row is not aligned");
  assert(bytes % 16 == 0, "bytes is no multiple of 16");
  for (const end = y + bytes; y < end; y += 16, x += 16) {
    const a = v128.load(y);
    const b = v128.load(x);
    if (operation == Combine.Add) v128.store(y, f32x4.add(a, b));
    else if (operation == Combine.Subtract) v128.store(y, f32x4.sub(a, b));
    else if (operation == Combine.Multiply) v128.store(y, f32x4.mul(a, b));
    else if (operation == Combine.Maximum) v128.store(y, f32x4.max(a, b));
    else v128.store(y, f32x4.min(a, b));
  }
}

/** y = y / divisor over bytes, a multiple of 16. One rounding. */
export function divide(y: usize, bytes: u32, divisor: f32): void {
  assert(y % 4 == 0, "y is not aligned");
  assert(bytes % 16 == 0, "bytes is no multiple of 16");
  const d = f32x4.splat(divisor);
  for (const end = y + bytes; y < end; y += 16) v128.store(y, f32x4.div(v128.load(y), d));
}
