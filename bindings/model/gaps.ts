import { LmuError } from "../errors.js";
import { pad4 } from "../facts/bytes.js";
import type { Hold } from "../legendre/residual.js";
import { twice } from "../legendre/twice.js";
import type { PlacedGapRule } from "../plan/gap-rule.js";
import { Panels } from "../plan/panels.js";
import type { Plan } from "../plan/plan.js";
import type { Session } from "../runtime/session.js";

/** Times kept, and their bytes, but one at least; matrices of whole steps are kept for good. */
const MOST_TIMES = 64;
const MOST_BYTES = 2 ** 23;

/** Times are counted in units of a step, for 3.7 - 3 and 0.7 to be the same, up to as many as a double counts. */
const UNITS = 2 ** 30;
const LONGEST = 2 ** 53;

/** Steps of Euler's rule below which each takes O(order); from there on, matrices of powers of two. Itself a power. */
const EULER_STEPS = 64;

/** Updates of a gap, at most: the bits of a double, fewer than EULER_STEPS, a fraction and the end. One double each. */
const LIST_BYTES = 128 * 8;

/** What a memory has for all times: addresses of the matrices of 1, 2, 4, … steps (Euler: times EULER_STEPS). */
interface Memory {
  readonly rule: PlacedGapRule;
  readonly panels: Panels;
  readonly powers: number[];
  /** The last of them, f64. */
  D?: Float64Array;
}

/** A time that has been prepared: its updates, memory by memory, and the matrix of its fraction behind them. */
interface Time {
  /** NaN: none, for something went wrong. */
  steps: number;
  readonly at: number;
}

/**
 * Steps of another length than one, for all streams of a model: each memory gets a list of updates, Ā - I of powers of two
 * for whole steps and one for the fraction, and crosses them instead of its own step.
 */
export class Gaps {
  readonly #session: Session;
  readonly #memories: readonly Memory[];
  readonly #hold: Hold;
  readonly #reserve: (bytes: number) => number;
  /** In the order of their last use. */
  readonly #times: Time[] = [];
  /** Of the largest matrix. */
  readonly #matrixBytes: number;

  /**
   * @param hold - how memories are discretized
   * @param reserve - gives memory for good; throws LmuError model-too-large
   * @throws LmuError dt-unsupported if a layer knows steps alone
   */
  constructor(
    session: Session,
    { gapRules, stateFields }: Plan,
    hold: Hold,
    reserve: (bytes: number) => number,
  ) {
    for (const { layer } of stateFields) {
      const rule = gapRules.find((one) => one.layer === layer);
      const problem = rule ? rule.refusal : "has a state that counts samples, not time";
      if (problem) refuse(layer, problem, "no dt");
    }
    this.#session = session;
    this.#hold = hold;
    this.#reserve = reserve;
    this.#memories = gapRules.map((rule) => {
      return { rule, panels: new Panels(pad4(rule.order), rule.columns), powers: [] };
    });
    this.#matrixBytes = Math.max(0, ...this.#memories.map(({ panels }) => panels.size * 4));
  }

  /**
   * Runs one stream for a sample that stands in the input row.
   *
   * @param slots - of the stream
   * @param gap - f64[1], what readGap gives, but for 1
   * @returns output rows
   * @throws LmuError dt-unsupported, model-too-large; then the stream is as it was
   */
  run(slots: number, { 0: gap = 1 }: Float64Array): number {
    const session = this.#session;
    const steps = Math.max(1, Math.round(Math.min(Math.abs(gap), LONGEST) * UNITS)) / UNITS;
    const times = this.#times;
    let i = times.length - 1;
    while (i >= 0 && times[i]!.steps !== steps) i--;
    if (i < 0) i = this.#prepare(steps);
    const time = times[i]!;
    for (; i + 1 < times.length; i++) times[i] = times[i + 1]!;
    times[i] = time;
    this.#point(time.at, LIST_BYTES + this.#matrixBytes);
    let rows = 0;
    if (gap > 0) rows = session.run(slots, 1, 1, false);
    else session.exports.fade(session.image.at, slots);
    this.#point(0, 0);
    return gap > 0 ? rows : session.run(slots, 1, 1, false);
  }

  /** Gives the memories their lists of updates, or takes them away. */
  #point(at: number, bytes: number): void {
    for (const { rule } of this.#memories) {
      this.#session.integers[rule.gap / 4] = at;
      at += bytes;
    }
  }

  /** Writes the lists of a time, in the place of the one that has not been used for longest if there is no other; its index. */
  #prepare(steps: number): number {
    const times = this.#times;
    const stride = LIST_BYTES + this.#matrixBytes;
    const bytes = stride * this.#memories.length;
    const isFull = times.length >= Math.min(MOST_TIMES, MOST_BYTES / bytes);
    const isFree = Number.isNaN(times[0]?.steps);
    if (!isFull && !isFree) times.unshift({ steps: NaN, at: this.#reserve(bytes) });
    const time = times[0]!;
    time.steps = NaN;
    this.#memories.forEach((memory, i) => this.#write(memory, time.at + i * stride, steps));
    time.steps = steps;
    return 0;
  }

  /** Writes the updates of one memory, as assembly/layers/gap.ts has them: whole steps, then the rest. */
  #write(memory: Memory, at: number, steps: number): void {
    const { layer, eulerTheta: theta, matrix } = memory.rule;
    const updates: number[] = [];
    const unit = theta ? EULER_STEPS : 1;
    let rest = steps % unit;
    for (let k = 0, n = (steps - rest) / unit; n > 0; k++, n = Math.floor(n / 2)) {
      if (n % 2) updates.push(this.#power(memory, k));
    }
    if (theta) for (; rest > 0; rest--) updates.push(-Math.min(rest, 1) / theta);
    else if (rest > 0) {
      if (!matrix) refuse(layer, "has matrices of its own for whole steps alone", "a whole dt");
      updates.push(this.#pack(memory, matrix(rest, this.#hold), at + LIST_BYTES));
    }
    this.#session.doubles.set([...updates, 0], at / 8);
  }

  /** Address of the matrix of 2^k steps, or of EULER_STEPS times as many. */
  #power(memory: Memory, k: number): number {
    const { powers } = memory;
    const { order, columns } = memory.rule;
    while (powers.length <= k) {
      const at = this.#reserve(this.#matrixBytes);
      const D = memory.D ? twice(memory.D, order, columns) : this.#first(memory);
      powers.push(this.#pack(memory, D, at));
      memory.D = D;
    }
    return powers[k]!;
  }

  /** Ā - I of a plain step, or of EULER_STEPS; with B̄ if the file gave them: then they stand among the weights. */
  #first(memory: Memory): Float64Array {
    const { matrix, order, columns, weights, eulerTheta } = memory.rule;
    let D = matrix?.(1, this.#hold) ?? new Float64Array(order * columns);
    if (!matrix) {
      const { floats, integers } = this.#session;
      each(memory, integers[weights / 4]!, (place, index) => (D[index] = floats[place]!));
    }
    for (let n = EULER_STEPS; eulerTheta && n > 1; n /= 2) D = twice(D, order, columns);
    return D;
  }

  #pack(memory: Memory, D: Float64Array, at: number): number {
    const { floats } = this.#session;
    each(memory, at, (place, index) => {
      const value = D[index]!;
      // What is left after long gaps would be subnormal, and slow.
      floats[place] = Math.abs(value) < 1e-30 ? 0 : value;
    });
    return at;
  }
}

/** Tells of every element of a matrix where it stands among the floats of memory, and where row by row. */
function each(
  { rule: { order, columns }, panels }: Memory,
  at: number,
  tell: (place: number, index: number) => void,
): void {
  for (let i = 0; i < order * columns; i++) {
    tell((at >>> 2) + panels.at(Math.floor(i / columns), i % columns), i);
  }
}

function refuse(layer: string, got: string, expected: string): never {
  const message = `Cannot step the stream: layer ${layer} ${got}, expected ${expected}`;
  throw new LmuError("dt-unsupported", message);
}
