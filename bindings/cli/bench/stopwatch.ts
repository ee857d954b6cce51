import { joined } from "../../joined.js";

/** Something to time: a call of `run` takes `count` units of input in. */
export interface Subject {
  /** Stable name: what `--compare` finds it by. */
  readonly name: string;
  /** What a unit is: "step", "token" or "sequence". */
  readonly unit: string;
  readonly count: number;
  run(): void;
}

/** Durations of calls, in ns. */
export interface Timing {
  readonly calls: number;
  /** Calls that are timed as one, whose mean counts: 1, unless the clock is coarse, as those of pages are. */
  readonly together: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
  /** Per round, the median call over the median call of the reference in that round. */
  readonly rounds: readonly number[];
}

/** Rounds, in each of which every subject has its turn: a busy machine hurts all alike. */
export const ROUNDS = 15;

/** Most calls of a subject that one round keeps. */
const MOST_CALLS = 1 << 16;

/** Calls that a median asks for, however long they take. */
const LEAST_CALLS = 3;

/** ns that a clock may move by for a single call to be timed; else so many of its ticks are one reading. */
const FINE = 1000;
const LEAST_TICKS = 50;

/** Share of a round that the reference gets. */
const REFERENCE_SHARE = 0.1;

/**
 * Times subjects against one another and against a reference, which shows how fast the machine was at that moment.
 *
 * @param seconds - of all rounds of a subject together
 * @param onRound - called before every round
 */
export async function time(
  subjects: readonly Subject[],
  seconds: number,
  onRound: (round: number) => void | Promise<void>,
): Promise<Timing[]> {
  const milliseconds = (1000 * seconds) / ROUNDS;
  const reference = makeReference();
  const tick = clockTick();
  const grouped = [...subjects, reference].map(({ run }) => {
    sample(run, milliseconds);
    return { run, together: callsTogether(run, tick) };
  });
  const sampled = (i: number, milliseconds: number) =>
    sample(grouped[i]!.run, milliseconds, grouped[i]!.together).sort();
  const kept = subjects.map(() => ({ all: [] as Float64Array[], rounds: [] as number[] }));
  for (let round = 0; round < ROUNDS; round++) {
    await onRound(round);
    const unit = quantile(sampled(subjects.length, milliseconds * REFERENCE_SHARE), 0.5);
    for (let turn = 0; turn < subjects.length; turn++) {
      const i = (round + turn) % subjects.length;
      const durations = sampled(i, milliseconds);
      kept[i]!.all.push(durations);
      kept[i]!.rounds.push(quantile(durations, 0.5) / unit);
    }
  }
  return kept.map(({ all, rounds }, i) => {
    const { together } = grouped[i]!;
    const timed = joined(Float64Array, all).sort();
    return { calls: timed.length * together, together, ...percentiles(timed), rounds };
  });
}

/**
 * Durations of calls in ns, for about so long; what the clock itself takes is not among it.
 *
 * @param together - calls between two readings of the clock
 */
export function sample(run: () => void, milliseconds: number, together = 1): Float64Array {
  const durations = new Float64Array(MOST_CALLS);
  const cost = clockCost();
  const end = performance.now() + milliseconds;
  let readings = 0;
  for (let now = 0; readings < MOST_CALLS && (now < end || readings < LEAST_CALLS); readings++) {
    const start = performance.now();
    for (let i = 0; i < together; i++) run();
    now = performance.now();
    durations[readings] = Math.max(0, (now - start) * 1e6 - cost) / together;
  }
  return durations.slice(0, readings);
}

/** The least that the clock moves by, in ns: 30 or so in Node, 5,000 to 1,000,000 in pages. */
export function clockTick(): number {
  let least = Infinity;
  for (let i = 0; i < 20; i++) {
    const start = performance.now();
    let now = start;
    while (now === start) now = performance.now();
    least = Math.min(least, (now - start) * 1e6);
  }
  return least;
}

/** Least time in ns that a clock which moves by `tick` tells well enough. */
export function leastReading(tick: number): number {
  return tick <= FINE ? 0 : LEAST_TICKS * tick;
}

/** What a pair of readings of the clock takes, in ns. */
function clockCost(): number {
  const durations = new Float64Array(999);
  for (let i = 0; i < durations.length; i++) {
    const start = performance.now();
    durations[i] = (performance.now() - start) * 1e6;
  }
  return quantile(durations.sort(), 0.5);
}

/** Calls that one reading of the clock takes. */
function callsTogether(run: () => void, tick: number): number {
  const least = leastReading(tick) / 1e6;
  for (let together = 1; ; together *= 2) {
    const start = performance.now();
    for (let i = 0; i < together; i++) run();
    if (performance.now() - start >= least || together === MOST_CALLS) return together;
  }
}

function percentiles(sorted: Float64Array): Pick<Timing, "p50" | "p90" | "p99" | "max"> {
  const [p50, p90, p99] = [0.5, 0.9, 0.99].map((share) => quantile(sorted, share));
  return { p50: p50!, p90: p90!, p99: p99!, max: sorted.at(-1)! };
}

/** The value below which so large a share of sorted values lies. */
export function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

/** A matrix-vector product in plain JavaScript, of a size that fits any cache: some 5 µs. */
function makeReference(): { run: () => void } {
  const size = 64;
  const matrix = Float32Array.from({ length: size * size }, (_, i) => ((i * 37) % 101) / 101 - 0.5);
  let [x, y] = [new Float32Array(size).fill(0.5), new Float32Array(size)];
  const run = () => {
    for (let row = 0; row < size; row++) {
      let sum = 0;
      for (let i = 0; i < size; i++) sum += matrix[row * size + i]! * x[i]!;
      // In bounds, whatever the matrix: subnormal numbers would be slow.
      y[row] = sum / (1 + Math.abs(sum)) + 0.1;
    }
    [x, y] = [y, x];
  };
  return { run };
}
