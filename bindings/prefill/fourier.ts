/**
 * e^(iπ j / half) at [half + j], real and imaginary part, for half = 1, 2, 4 … below the number of points, and j < half.
 *
 * By halving angles, with square roots alone: the same bits on every engine. Error: 1e-15 (test/fourier.test.ts).
 */
export function twiddlesOf(points: number): Float64Array {
  const w = new Float64Array(2 * points);
  w[2] = 1;
  for (let half = 2; half < points; half *= 2) {
    for (let j = 0; j < half; j++) {
      const before = 2 * (half / 2 + (j >> 1));
      let [x, y] = [w[before]!, w[before + 1]!];
      if (j % 2) {
        // Halfway to the next; past the last stands -1.
        const isLast = j === half - 1;
        x += isLast ? -1 : w[before + 2]!;
        y += isLast ? 0 : w[before + 3]!;
        if (half === 2) [x, y] = [0, 1];
        const length = Math.sqrt(x * x + y * y);
        [x, y] = [x / length, y / length];
      }
      w[2 * (half + j)] = x;
      w[2 * (half + j) + 1] = y;
    }
  }
  return w;
}

/** Σ x[t] e^(-2πi f t / points) in place, bit-reversed: what kernels/fourier.ts does, in f64. */
export function fourier(re: Float64Array, im: Float64Array, twiddles: Float64Array): void {
  for (let half = re.length / 2; half >= 1; half /= 2) {
    for (let first = 0; first < re.length; first += 2 * half) {
      for (let j = 0; j < half; j++) {
        const [a, b] = [first + j, first + j + half];
        const [c, s] = [twiddles[2 * (half + j)]!, twiddles[2 * (half + j) + 1]!];
        const [r, i] = [re[a]! - re[b]!, im[a]! - im[b]!];
        re[a]! += re[b]!;
        im[a]! += im[b]!;
        re[b] = r * c + i * s;
        im[b] = i * c - r * s;
      }
    }
  }
}
