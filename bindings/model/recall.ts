import { brief, expectInteger, expectOptions, LmuError, outOfRange } from "../errors.js";
import type { StateField } from "../facts/facts.js";
import { partOf } from "../legendre/part.js";
import type { Plan } from "../plan/plan.js";
import { Feed } from "./feed.js";
import { checkOutput, type Floats } from "./ports.js";

/** The part of a window that is asked for. */
export interface WindowRange {
  /**
   * Delay where it begins, in steps of the layer: 0 is the newest sample, k the one k steps before, fractions lie between.
   * From 0 to theta. @defaultValue 0
   */
  from?: number | undefined;
  /** Delay where it ends, which may be the newer end. From 0 to theta. @defaultValue theta - 1, the last whole step */
  to?: number | undefined;
  /** Which of the layer's memories. @defaultValue 0 */
  channel?: number | undefined;
}

/** Options of {@link Stream.window}. */
export interface WindowOptions<Output extends Float32Array = Float32Array> extends WindowRange {
  /** Values, evenly spaced from `from` to `to`. @defaultValue the length of output; else one a step, at most 1,024 */
  samples?: number | undefined;
  /** Receives f32[samples]; without it they come in a new array. */
  output?: Output | undefined;
}

/** Options of {@link Stream.memory}. */
export interface MemoryOptions<Output extends Float32Array = Float32Array> {
  /** Only this one. @defaultValue all */
  channel?: number | undefined;
  /** Receives the coefficients, of exactly their length; without it they come in a new array. */
  output?: Output | undefined;
}

/** A state in the memory of an instance. */
export interface Place {
  readonly plan: Plan;
  readonly floats: Float32Array;
  /** Address of the state. */
  readonly state: number;
}

const ACTION = "look back";

/** Values of a window unless more are asked for. */
const MOST_SAMPLES = 1024;

/** For {@link partOf}, of the highest order so far: nobody else's code runs while it is used. */
let work = new Float64Array(0);

/**
 * What a stream says of its past; {@link Stream} has it all. Methods come by inheritance, one class after another, for
 * JavaScript has no other way to share them.
 *
 * A layer is called by its name, or by its place among `report().layers`. What its memory holds is what was written into it:
 * the samples after the layer's encoder. Delays count steps of the layer, which are those of the model unless a layer with
 * strides comes before. Looking back changes nothing, and can be done after {@link Stream.end}.
 */
export abstract class Recall extends Feed {
  /**
   * @throws LmuError disposed
   * @internal
   */
  protected abstract place(action: string): Place;

  /**
   * What the memory of an LMU remembers of the last theta steps, decoded at evenly spaced delays; the first value is that at
   * `from`: `{ from: theta - 1, to: 0 }` gives the past in the order in which it came.
   *
   * Σ mᵢ Pᵢ(2 r - 1) with r = (delay + 1/2) / theta, for the memory holds the newest sample already, and sample k fills the time
   * from k to k + 1 before its end; the window ends there, so delays beyond theta - 1/2 read its end. Computed in f64. With
   * output no array is allocated, but for scratch the first time.
   *
   * @param layer - name or place of an LMU
   * @param options - delays, channel, and where the values go
   * @returns output, or a new array, f32[samples]
   * @throws RangeError if there is no such layer or channel, a delay is not within the window, or samples is no count
   * @throws LmuError input-invalid if the file has matrices of no known theta; disposed
   */
  window<Output extends Float32Array = Floats>(
    layer: string | number,
    options: WindowOptions<Output> = {},
  ): Output {
    // Getters may look back, too: they are done before the memory is read.
    const { samples, output } = options ?? {};
    const { order, theta, from, to } = this.#read(layer, options, "samples", "output");
    const most = Math.min(MOST_SAMPLES, Math.floor(Math.abs(to - from)) + 1);
    const count = samples ?? output?.length ?? most;
    expectInteger(ACTION, "samples", count, 1, 2 ** 24);
    const result = arrayOf(count, output);
    for (let i = 0; i < count; i++) {
      const delay = from + (i * (to - from)) / (count - 1 || 1);
      result[i] = work[partOf(work, order, Math.min(1, (2 * delay + 1) / theta - 1), 0)]!;
    }
    return result;
  }

  /**
   * A copy of an LMU's memory, its coefficients on shifted Legendre polynomials: in the LMU's basis, whatever is kept inside,
   * or that of the matrices in the file.
   *
   * @param layer - name or place of an LMU
   * @param options - channel, and where the coefficients go
   * @returns output, or a new array, f32[channels, order], or f32[order] of one channel
   * @throws TypeError, RangeError if an argument is of the wrong kind or length, or there is no such layer or channel
   * @throws LmuError disposed
   */
  memory<Output extends Float32Array = Floats>(
    layer: string | number,
    options: MemoryOptions<Output> = {},
  ): Output {
    expectOptions(ACTION, options, ["channel", "output"]);
    const { channel, output } = options;
    const place = this.place(ACTION);
    const field = fieldOf(place, layer, "memory");
    const [channels, order] = field.shape as [number, number];
    if (channel === undefined) return copy(place, field, 0, arrayOf(channels * order, output));
    expectInteger(ACTION, "channel", channel, 0, channels - 1);
    return copy(place, field, channel * order, arrayOf(order, output));
  }

  /**
   * A copy of a recurrent layer's hidden state: that of an LSTM, GRU or RNN, or of an LMU's hidden cell if it is one of them
   * or fed back.
   *
   * @param layer - name or place of the layer
   * @param output - receives f32[units]; without it they come in a new array
   * @returns output, or the new array
   * @throws TypeError, RangeError if an argument is of the wrong kind or length, or the layer keeps no hidden state
   * @throws LmuError disposed
   */
  hidden<Output extends Float32Array = Floats>(layer: string | number, output?: Output): Output {
    const place = this.place(ACTION);
    const field = fieldOf(place, layer, "hidden");
    return copy(place, field, 0, arrayOf(field.shape[0]!, output));
  }

  /**
   * Mean of what is remembered of the samples from one delay to another, both included: c₀, the first coefficient of that
   * part of the window; of the whole window m₀.
   *
   * @param layer - name or place of an LMU
   * @param range - delays and channel; the whole window unless given
   * @throws as {@link Stream.window}
   */
  mean(layer: string | number, range: WindowRange = {}): number {
    // First, for it may make a larger array of work.
    const { at } = this.#part(layer, range);
    return work[at]!;
  }

  /**
   * Slope per step of the line that fits those samples best (least squares): -2 c₁ / steps, positive where newer samples are
   * larger.
   *
   * @param layer - name or place of an LMU
   * @param range - delays and channel; the whole window unless given
   * @throws as {@link Stream.window}
   */
  slope(layer: string | number, range: WindowRange = {}): number {
    const { at, steps } = this.#part(layer, range);
    return (-2 * work[at + 1]!) / steps;
  }

  /**
   * Energy of those samples, the sum of their squares, by Parseval's identity: steps · Σ cᵢ² / (2i + 1).
   *
   * @param layer - name or place of an LMU
   * @param range - delays and channel; the whole window unless given
   * @throws as {@link Stream.window}
   */
  energy(layer: string | number, range: WindowRange = {}): number {
    const { at, order, steps } = this.#part(layer, range);
    let sum = 0;
    for (let i = 0; i < order; i++) sum += (steps * work[at + i]! * work[at + i]!) / (2 * i + 1);
    return sum;
  }

  /** Coefficients of a range, whose ends are both included, in `work`. */
  #part(layer: string | number, range: WindowRange) {
    const { order, theta, from, to } = this.#read(layer, range);
    // Ages: a step at least, and what is left of the window at most.
    const oldest = Math.min(theta, Math.max(from, to) + 1);
    const newest = Math.max(0, Math.min(from, to, oldest - 1));
    const steps = oldest - newest;
    return { at: partOf(work, order, (newest + oldest) / theta - 1, steps / theta), order, steps };
  }

  /** Puts the memory of a channel into `work`, and says what it spans. */
  #read(layer: string | number, range: WindowRange, ...more: readonly string[]) {
    expectOptions(ACTION, range, ["from", "to", "channel", ...more]);
    const place = this.place(ACTION);
    const field = fieldOf(place, layer, "memory");
    const [channels, order] = field.shape as [number, number];
    const { options } = place.plan.costs.find(({ name }) => name === field.layer)!;
    const theta = Number((options as { theta?: number | string }).theta);
    if (!(theta < Infinity)) {
      throw new LmuError(
        "input-invalid",
        `Cannot ${ACTION}: ${field.layer} has theta ${theta}, expected a window of known length`,
      );
    }
    const { from = 0, to = Math.max(0, theta - 1), channel = 0 } = range;
    expectDelay("from", from, theta);
    expectDelay("to", to, theta);
    expectInteger(ACTION, "channel", channel, 0, channels - 1);
    if (work.length < 3 * order + 2) work = new Float64Array(3 * order + 2);
    copy(place, field, channel * order, work, order);
    return { order, theta, from, to };
  }
}

function expectDelay(name: string, delay: unknown, theta: number): void {
  if (typeof delay === "number" && delay >= 0 && delay <= theta) return;
  outOfRange(ACTION, name, delay, `a number from 0 to theta, ${theta}`);
}

/** A field of a layer, which goes by its name or its place in the report. @throws RangeError if there is none */
function fieldOf({ plan }: Place, layer: string | number, wanted: string): StateField {
  const name = typeof layer === "number" ? plan.costs[layer]?.name : layer;
  const fields = plan.stateFields;
  const found = fields.find(({ field, layer }) => field === wanted && layer === name);
  if (found) return found;
  const others = fields.filter(({ field }) => field === wanted).map((field) => field.layer);
  throw new RangeError(
    `Cannot ${ACTION}: layer ${brief(layer)} has no ${wanted} state, expected ${others.join() || "another model"}`,
  );
}

/** Copies numbers of a field, from one on, as users know them. */
function copy<T extends Float32Array | Float64Array>(
  { floats, state, plan }: Place,
  field: StateField,
  first: number,
  into: T,
  count = into.length,
): T {
  const { offset, factors } = field;
  const next = plan.stateFields[plan.stateFields.indexOf(field) + 1];
  const at = (state + offset) / 4 + first;
  // What f32 is too coarse for follows the memory.
  const rest = next?.field === "remainder" ? (next.offset - offset) / 4 : 0;
  for (let i = 0; i < count; i++) {
    const value = floats[at + i]! + (rest && floats[at + rest + i]!);
    into[i] = factors ? value * factors[(first + i) % factors.length]! : value;
  }
  return into;
}

/** The caller's array, checked, or a new one. */
function arrayOf<Output extends Float32Array>(length: number, output: Output | undefined): Output {
  checkOutput(ACTION, output, length);
  return output ?? (new Float32Array(length) as Output);
}
