import { DISPOSE } from "../dispose.js";
import type { Engine } from "./engine.js";
import { expectLength, LmuError } from "../errors.js";
import { printable } from "../inspect.js";
import { STATE } from "../runtime/records.js";
import {
  checkOutput,
  expectSamples,
  type Floats,
  readRow,
  readSamples,
  type Samples,
  takeSamples,
  writeRow,
} from "./ports.js";

/** @throws LmuError not-streamable if the model needs its whole sequence at once */
export function expectStreamable({ plan }: Engine, action: string): void {
  if (plan.wholeSequence === undefined) return;
  const message = `Cannot ${action}: ${plan.wholeSequence}; use model.run()`;
  throw new LmuError("not-streamable", message);
}

/**
 * One live signal: its own state, the weights shared with its model. Made by {@link Model.stream}.
 *
 * However a signal is cut into steps and chunks, the outputs are the same to the last bit. Inputs must be finite: a
 * recurrent state would remember a NaN for ever, so it is refused before anything changes. Weights far from those of a
 * trained model can still overflow; the infinities then stay in the state until {@link Stream.reset}.
 */
export class Stream {
  /** @internal Entries are minified, and hosts print the name. */
  static readonly name = "Stream";
  readonly #engine: Engine;
  #state: number;
  #isEnded = false;
  /** The newest output: NaN before there is one. */
  readonly #latest: Float32Array;
  /** A copy of it for the caller, who may change it or give it away. */
  #shown: Float32Array;
  readonly #number = [0];
  /** Memory for one sample; undefined while one is read. */
  #sample: Float64Array | undefined;

  static {
    printable(Stream, (stream) => ({ position: stream.position, isEnded: stream.#isEnded }));
  }

  /** @internal */
  constructor(engine: Engine) {
    expectStreamable(engine, "open a stream");
    this.#engine = engine;
    this.#state = engine.openState();
    this.#latest = new Float32Array(engine.plan.output.width).fill(NaN);
    this.#shown = this.#latest.slice();
  }

  /** Samples seen since the beginning or the last reset. */
  get position(): number {
    return this.#engine.doubles[(this.#state + STATE.position) / 8]!;
  }

  /**
   * Takes one sample and returns the output after it, as if the sequence ended here. Allocates nothing.
   *
   * Models with strides or unpadded convolutions do not give a new row for every sample: the newest one is returned
   * again, NaN before the first. Models that look ahead (see `model.lookAhead`) answer that many samples late.
   *
   * @param sample - f32[inputSize], in the units the model was trained on, or the number itself when inputSize is 1
   * @param output - receives f32[outputSize]; without it an array of the stream is returned, overwritten by every step (a
   *   new one if it has been transferred). May overlap sample
   * @returns output, or the stream's own array
   * @throws TypeError, RangeError if an argument is of the wrong kind or length
   * @throws LmuError input-invalid if a value is not finite in f32 (or no token id), or after {@link Stream.end}; disposed
   */
  step<Output extends Float32Array = Floats>(sample: Samples | number, output?: Output): Output {
    const action = "step the stream";
    const input = this.#read(action, sample);
    const engine = this.#expectOpen(action);
    const { width } = engine.plan.output;
    checkOutput(action, output, width);
    this.#sample = input;
    writeRow(engine, 0, input, 0);
    const rows = this.#advance(1, false);
    if (rows > 0) readRow(engine, rows - 1, this.#latest, 0);
    // An array that has been transferred is empty.
    if (this.#shown.length !== width) this.#shown = new Float32Array(width);
    const target = output ?? this.#shown;
    for (let i = 0; i < width; i++) target[i] = this.#latest[i]!;
    return target as Output;
  }

  /**
   * Takes a chunk of samples: any chunking gives the same bits. Allocates no array but the outputs, and a copy of a chunk
   * that is a plain array, in shared memory or in the buffer of the outputs.
   *
   * @param chunk - f32[steps, inputSize], row by row; token models: ids[steps]
   * @param output - receives the outputs, of exactly their length; without it they come in a new array. May overlap chunk
   * @returns [rows, outputSize] if the model returns sequences (one row per step unless it has strides, unpadded
   *   convolutions or look-ahead), else the last output, [outputSize]; NaN before there is one
   * @throws TypeError, RangeError if an argument is of the wrong kind or length
   * @throws LmuError input-invalid if a value is not finite in f32 (or no token id), or after {@link Stream.end}; disposed
   */
  push<Output extends Float32Array = Floats>(chunk: Samples, output?: Output): Output {
    const action = "push into the stream";
    const { width, vocabulary } = this.#engine.plan.input;
    const input = takeSamples(action, chunk, vocabulary, output);
    const engine = this.#expectOpen(action);
    const steps = input.length / width;
    if (!Number.isInteger(steps)) {
      throw new RangeError(
        `Cannot ${action}: input has ${input.length} values, expected a multiple of ${width}`,
      );
    }
    return this.#take(action, steps, false, output, (row, step) =>
      writeRow(engine, row, input, step * width),
    );
  }

  /**
   * Ends the sequence. Then only {@link Stream.reset} goes on.
   *
   * @param output - receives the outputs, of exactly their length; without it they come in a new array
   * @returns [rows, outputSize], the outputs that look-ahead held back (no rows if the model does not look ahead), if the
   *   model returns sequences, else the last output, [outputSize]
   * @throws TypeError, RangeError if output is of the wrong kind or length
   * @throws LmuError input-invalid if the sequence has ended already; disposed
   */
  end<Output extends Float32Array = Floats>(output?: Output): Output {
    this.#expectOpen("end the stream");
    const outputs = this.#take("end the stream", 0, true, output, () => undefined);
    this.#isEnded = true;
    return outputs;
  }

  /**
   * Returns to the beginning of a sequence: zero state, position 0. Allocates nothing.
   *
   * @throws LmuError disposed
   */
  reset(): void {
    const engine = this.#expectAlive("reset the stream");
    engine.clearStates(this.#state, 1);
    this.#isEnded = false;
    this.#latest.fill(NaN);
  }

  /** Gives the state back to the model. Idempotent; use afterwards throws LmuError disposed. */
  dispose(): void {
    if (this.#state) this.#engine.closeState(this.#state);
    this.#state = 0;
  }

  /** {@link Stream.dispose}, for `using`. */
  [DISPOSE](): void {
    this.dispose();
  }

  /** Reads a sample: each value once, before anything else, for getters of an array may do anything, even step this stream. */
  #read(action: string, sample: Samples | number): Float64Array {
    if (typeof sample === "number") {
      this.#number[0] = sample;
      sample = this.#number;
    }
    const { width, vocabulary } = this.#engine.plan.input;
    expectSamples(action, sample);
    expectLength(action, "input", sample.length, width);
    const copy = this.#sample ?? new Float64Array(width);
    this.#sample = undefined;
    readSamples(action, sample, vocabulary, copy);
    return copy;
  }

  /** Runs steps in calls of the planned size and collects the outputs. */
  #take<Output extends Float32Array>(
    action: string,
    steps: number,
    isEnd: boolean,
    output: Output | undefined,
    write: (row: number, step: number) => void,
  ): Output {
    const engine = this.#engine;
    const { width, isSingle, rowsAfter } = engine.plan.output;
    const rows = isSingle
      ? 1
      : rowsAfter(this.position + steps, isEnd) - rowsAfter(this.position, false);
    checkOutput(action, output, rows * width);
    const result = output ?? new Float32Array(rows * width);
    let at = 0;
    let taken = 0;
    // Without samples nothing is called: rows for which padding in front suffices come with the first one.
    let isDone = steps === 0 && !isEnd;
    while (!isDone) {
      const count = Math.min(engine.plan.capacity.rows, steps - taken);
      for (let row = 0; row < count; row++) write(row, taken + row);
      taken += count;
      const made = this.#advance(count, isEnd && taken === steps);
      for (let row = 0; row < made; row++) {
        if (!isSingle) readRow(engine, row, result, width * at++);
        if (row === made - 1) readRow(engine, row, this.#latest, 0);
      }
      isDone = taken === steps;
    }
    if (isSingle) result.set(this.#latest);
    return result as Output;
  }

  /** One call; returns the output rows it left. */
  #advance(steps: number, isEnd: boolean): number {
    const { rowsAfter, isSingle } = this.#engine.plan.output;
    const before = this.position;
    this.#engine.run(this.#state + STATE.slot, 1, steps, isEnd);
    const made = rowsAfter(before + steps, isEnd) - rowsAfter(before, false);
    return isSingle ? Math.min(1, made) : made;
  }

  #expectAlive(action: string): Engine {
    this.#engine.expectAlive(action);
    if (!this.#state) throw new LmuError("disposed", `Cannot ${action}: the stream is disposed`);
    return this.#engine;
  }

  #expectOpen(action: string): Engine {
    if (this.#isEnded) {
      throw new LmuError(
        "input-invalid",
        `Cannot ${action}: its sequence has ended; reset it first`,
      );
    }
    return this.#expectAlive(action);
  }
}
