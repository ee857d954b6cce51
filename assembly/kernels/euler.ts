/**
 * y += scale · T⁻¹ A T · x, the matrix of Euler's rule in the normalised basis, in O(order): with r_i = √(2i+1), s_i = r_i x_i
 * and Q = Σ (-1)^j s_j, row i of the product is -r_i (±Q + 2 Σ s_j), over j < i of the other parity, + where i is even.
 *
 * Sums are in f64, where terms that cancel cost nothing. Error: 2^-23 · (|y| + |scale| · |A| · |x|). y must not overlap x.
 */
export function addEuler(
  y: usize, // f32[order], in and out
  x: usize, // f32[order]
  order: u32,
  scale: f64,
): void {
  assert(order != 0, "order is 0");
  assert(y + (order << 2) <= x || x + (order << 2) <= y, "y overlaps x");
  let sum: f64 = 0;
  for (let i: u32 = 0; i < order; ++i) sum = weighted(x, i) - sum;
  // The sums of even rows and of odd ones; what a row adds is for those of the other parity.
  let own = order & 1 ? sum : -sum;
  let other = -own;
  for (let i: u32 = 0; i < order; ++i) {
    const at = y + (i << 2);
    const row = sqrt<f64>(<f64>(2 * i + 1)) * own;
    store<f32>(at, <f32>(<f64>load<f32>(at) - scale * row));
    const next = other + 2 * weighted(x, i);
    other = own;
    own = next;
  }
}

/** r_i x_i. */
function weighted(x: usize, i: u32): f64 {
  return sqrt<f64>(<f64>(2 * i + 1)) * <f64>load<f32>(x + (i << 2));
}
