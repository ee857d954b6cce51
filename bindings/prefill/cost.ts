/*
 * What the forms cost, in multiplications with their additions, per step of one stream: two operations are one. The tests
 * count the same by doing it.
 */

/** What the cost of a memory depends on. */
export interface Sizes {
  readonly order: number;
  readonly channels: number;
  /** Floats that are read of one step of all channels together, or, if `isShared`, of each of them. */
  readonly outputs: number;
  readonly isShared: boolean;
}

/** Step by step: the memory, and what reads it; nothing does if `outputs` is 0. */
export function exactCost({ order, channels, outputs }: Sizes): number {
  return channels * order * (order + outputs);
}

/** The state alone, L steps at once. */
export function crossingCost({ order, channels }: Sizes, L: number): number {
  return (channels * order * (order + L)) / L;
}

/** The state, and all outputs of L steps by one product. */
export function projectedCost(sizes: Sizes, L: number): number {
  const { order, channels, outputs } = sizes;
  return crossingCost(sizes, L) + channels * outputs * (order + L);
}

/** One transform of so many points, of complex numbers: five operations a point and stage. */
export function fourierCost(points: number): number {
  return 2.5 * points * log2(points);
}

/** The state, and the outputs by transforms of blocks of B steps, whose spectra are multiplied with those of K blocks. */
export function convolvedCost(sizes: Sizes, L: number, B: number, K: number): number {
  const { channels, outputs, isShared } = sizes;
  const sums = isShared ? channels : 1;
  const inputs = isShared ? 1 : channels;
  // Two outputs are one sequence of complex numbers; four operations of a product of them are two for each.
  const perPair = fourierCost(2 * B) + 8 * B * K * inputs;
  // Inputs are transformed four at a time, whether there are as many or not.
  const ofInputs = 4 * Math.ceil(channels / 4) * fourierCost(2 * B);
  return crossingCost(sizes, L) + ((sums * outputs * perPair) / 2 + ofInputs) / B;
}

/** Of a power of two. */
export function log2(power: number): number {
  return 31 - Math.clz32(power);
}
