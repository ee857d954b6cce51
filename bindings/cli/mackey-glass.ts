/*
 * The Mackey-Glass task: predict a chaotic series 15 steps ahead. The generator of examples/mackey-glass/train.py, number
 * for number but for the last bits of tanh.
 *
 * dx/dt = 0.2 x(t - 17) / (1 + x(t - 17)^10) - 0.1 x, ten Euler steps per sample, squashed by tanh(x - 1).
 */

/** Steps that the target is ahead of the input. */
export const AHEAD = 15;

/** Mean of the training series, subtracted from all. */
const MEAN = -0.065891;

const SUBSTEPS = 10;
const DELAY = 17 * SUBSTEPS;
const WASHOUT = 100;

/** Seeded uniform numbers in [0, 1): mulberry32. */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A series of samples, from a history that the seed decides. */
export function mackeyGlass(seed: number, length: number): Float32Array {
  const uniform = mulberry32(seed);
  const history = Float64Array.from({ length: DELAY }, () => 1.2 + 0.2 * (uniform() - 0.5));
  let x = history[DELAY - 1]!;
  let oldest = 0;
  const samples = new Float32Array(length);
  for (let t = -WASHOUT; t < length; t++) {
    for (let i = 0; i < SUBSTEPS; i++) {
      const delayed = history[oldest]!;
      // Products, for Math.pow rounds differently from engine to engine, and chaos makes much of it.
      const square = delayed * delayed;
      const fourth = square * square;
      x += ((0.2 * delayed) / (1 + fourth * fourth * square) - 0.1 * x) / SUBSTEPS;
      history[oldest] = x;
      oldest = (oldest + 1) % DELAY;
    }
    if (t >= 0) samples[t] = Math.tanh(x - 1) - MEAN;
  }
  return samples;
}
