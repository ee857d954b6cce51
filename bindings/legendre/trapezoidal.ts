/**
 * (I - hA)⁻¹ (I + hA) - I with h = scale / 2, as 2h (A⁻¹ - hI)⁻¹: A⁻¹ is tridiagonal, skew but for its corners, and
 * A⁻¹ - hI has a negative definite symmetric part, so elimination needs no pivoting.
 */
export function trapezoidal(order: number, scale: number): Float64Array {
  const h = scale / 2;
  const D = new Float64Array(order * order);
  const off = Float64Array.from(
    { length: order },
    (_, i) => 1 / (2 * Math.sqrt((2 * i + 1) * (2 * i + 3))),
  );
  const diagonal = new Float64Array(order).fill(-h);
  if (order === 1) diagonal[0]! -= 1;
  else {
    diagonal[0]! -= 1 / 2;
    diagonal[order - 1]! -= 1 / (2 * (2 * order - 1));
  }
  const pivot = new Float64Array(order);
  for (let c = 0; c < order; c++) {
    // Column c of the inverse: lower entries +off, upper entries -off.
    let carried = 0;
    for (let i = 0; i < order; i++) {
      const factor = i === 0 ? 0 : off[i - 1]! / pivot[i - 1]!;
      pivot[i] = diagonal[i]! + (i === 0 ? 0 : factor * off[i - 1]!);
      carried = (i === c ? 2 * h : 0) - factor * carried;
      D[i * order + c] = carried;
    }
    for (let i = order - 1; i >= 0; i--) {
      const next = i + 1 < order ? off[i]! * D[(i + 1) * order + c]! : 0;
      D[i * order + c] = (D[i * order + c]! + next) / pivot[i]!;
    }
  }
  return D;
}
