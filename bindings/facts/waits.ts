import type { Clock } from "./clock.js";

/** Of single rows, "the newest" of a clock each: whether a call that renews one renews all, once the last has begun. */
export function areRenewedTogether(a: Clock, b: Clock): boolean {
  if (a.id === b.id) return true;
  const [first, second] = [startOf(a), startOf(b)];
  const isEqual = a.rate === b.rate && first.rows === second.rows;
  return a.delay === b.delay && (isEqual || (first.isSteady && second.isSteady));
}

/** The clock that begins last. */
export function lastToBegin(clocks: readonly [Clock, ...Clock[]]): Clock {
  return clocks.reduce((a, b) => (beginOf(b) > beginOf(a) ? b : a));
}

/** Whether every step has a row of its own, the first one too; a single row is then renewed by every step. */
export function givesEveryStep(clock: Clock): boolean {
  const { rows, isSteady } = startOf(clock);
  return isSteady && rows > 0;
}

/** How a clock begins. */
interface Start {
  /** After one step. */
  readonly rows: number;
  /** Every step has its row, from the first row on. */
  readonly isSteady: boolean;
  /** Steps that a sequence needs for the first row, once somebody has asked. */
  begin?: number;
}

/** A clock that is asked asks all before it: once, however many merges a file has. */
const starts = new WeakMap<Clock, Start>();

function startOf(clock: Clock): Start {
  let start = starts.get(clock);
  if (!start) {
    const rows = clock.rowsAfter(1, false);
    const isSteady = clock.stepsPerRow === 1 && (rows === 0 || clock.rowsAfter(2, false) > rows);
    start = { rows, isSteady };
    starts.set(clock, start);
  }
  return start;
}

/** No sequence is longer, and integers up to twice as many are exact. */
const MAX_STEPS = 2 ** 52;

/** Steps that a sequence needs for the first row of a clock; 0 but for single rows. */
function beginOf(clock: Clock): number {
  const start = startOf(clock);
  return (start.begin ??= clock.isSingle ? searchBegin(clock) : 0);
}

function searchBegin(clock: Clock): number {
  let [none, some] = [0, 1];
  while (some < MAX_STEPS && clock.rowsAfter(some, true) < 1) [none, some] = [some, 2 * some];
  while (some - none > 1) {
    const middle = Math.floor((none + some) / 2);
    if (clock.rowsAfter(middle, true) < 1) none = middle;
    else some = middle;
  }
  return some;
}

/**
 * The most rows by which a clock is ahead of a later one of the same rate; undefined if no wait keeps them together.
 *
 * After n steps, n > 0, a clock has max(c, ⌊(n - delay + k) / stepsPerRow⌋) rows: k comes with the rate, and c ≥ 0 are those
 * that padding in front makes without any input. So what holds after the first step holds from then on.
 */
export function waitOf(early: Clock, late: Clock): number | undefined {
  if (early.id === late.id) return 0;
  const ahead = startOf(early).rows - startOf(late).rows;
  const lag = late.delay - early.delay;
  if (lag === 0) return ahead === 0 ? 0 : undefined;
  if (ahead < 0) return undefined;
  return Math.max(ahead, Math.ceil(lag / early.stepsPerRow));
}
