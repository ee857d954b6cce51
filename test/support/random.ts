/** Seeded numbers, the same on every engine: mulberry32. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** Uniform in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** Uniform integer from 0 to below count. */
  integer(count: number): number {
    return Math.floor(this.next() * count);
  }

  /** Uniform floats within ±scale. */
  floats(count: number, scale = 1): Float32Array {
    return Float32Array.from({ length: count }, () => scale * (2 * this.next() - 1));
  }
}
