import { DISPOSE } from "../dispose.js";
import type { Engine } from "./engine.js";
import { expectLength, expectOptions } from "../errors.js";
import type { Shape } from "./feed.js";
import { printable } from "../inspect.js";
import { readGap, type StepOptions } from "./step-options.js";
import { expectStreamable, OpenState } from "./open-state.js";
import { manyOf, type PrefillOptions } from "./prefill-options.js";
import { type Place, Recall } from "./recall.js";
import {
  type Bytes,
  checkOutput,
  type Floats,
  readSample,
  type Samples,
  takeSamples,
} from "./ports.js";
import { writeMemory } from "./sample.js";
import type { Past, SaveOptions } from "./snapshot.js";

/**
 * One live signal: its own state, the weights shared with its model. Made by {@link Model.stream}.
 *
 * However a signal is cut into steps and chunks, the outputs are the same to the last bit. Inputs must be finite: a
 * recurrent state would remember a NaN for ever, so it is refused before anything changes. Weights far from those of a
 * trained model can still overflow; the infinities then stay in the state until {@link Stream.reset}.
 */
export class Stream extends Recall {
  readonly #engine: Engine;
  readonly #state: OpenState;
  /** A copy of the newest output for the caller, who may change it or give it away. */
  #shown: Float32Array;
  /** Every step has a row of its own, so nobody asks for an earlier one. */
  readonly #isSteady: boolean;
  /** What the step at hand passes of time, f64[1]. */
  readonly #gap = new Float64Array(1);
  /** Memory for one sample; undefined while one is read. */
  #sample: Float64Array | undefined;

  static {
    printable(Stream, "Stream", (stream) => ({
      position: stream.position,
      isEnded: stream.#state.isEnded,
    }));
  }

  /** @internal */
  constructor(engine: Engine, past?: Past) {
    super();
    expectStreamable(engine, "open a stream");
    this.#engine = engine;
    this.#state = new OpenState(engine, past);
    const { isSteady, isSingle, width } = engine.plan.output;
    this.#shown = new Float32Array(width);
    this.#isSteady = isSteady && !isSingle;
  }

  /** @internal */
  static stateOf(stream: Stream): OpenState {
    return stream.#state;
  }

  /** Samples seen since the beginning or the last reset, however far apart. */
  get position(): number {
    return this.#state.position;
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
   * @param options - the time since the sample before, if it is not one step; see {@link StepOptions}
   * @returns output, or the stream's own array
   * @throws TypeError, RangeError if an argument is of the wrong kind or length, or dt is not above 0 and finite
   * @throws LmuError input-invalid if a value is not finite in f32 (or no token id), or after {@link Stream.end};
   *   dt-unsupported if a layer knows no time, or whole steps alone; disposed; model-too-large
   */
  step<Output extends Float32Array = Floats>(
    sample: Samples | number,
    output?: Output,
    options?: StepOptions,
  ): Output {
    const action = "step the stream";
    if (options !== undefined) readGap(action, options, this.#gap);
    const isPlain = options === undefined || this.#gap[0] === 1;
    let { session } = this.#state.expectOpen(action);
    if (!writeMemory(session, sample, session.image.input.at)) {
      const gap = this.#gap[0]!;
      const input = this.#read(action, sample);
      ({ session } = this.#state.expectOpen(action));
      this.#sample = input;
      session.write(0, input, 0);
      // Getters of a sample may have stepped this stream, too.
      this.#gap[0] = gap;
    }
    const { width } = session.image.output;
    checkOutput(action, output, width);
    const { slots } = this.#state;
    this.#engine.makeRoom(action, slots, 1, 1);
    const rows = isPlain
      ? session.run(slots, 1, 1, false)
      : this.#engine.gaps(action).run(slots, this.#gap);
    // An array that has been transferred is empty.
    if (this.#shown.length !== width) this.#shown = new Float32Array(width);
    const target = output ?? this.#shown;
    if (this.#isSteady) session.read(rows - 1, target, 0);
    else {
      if (rows > 0) session.read(rows - 1, this.#state.latest, 0);
      target.set(this.#state.latest);
    }
    this.#state.passed();
    return target as Output;
  }

  /**
   * Takes a chunk of samples: any chunking gives the same bits. Allocates no memory for numbers but the outputs, and a copy of a
   * chunk that is a plain array, in shared memory or in the buffer of the outputs.
   *
   * @param chunk - f32[steps, inputSize], row by row; token models: ids[steps]
   * @param output - receives the outputs, of exactly their length; without it they come in a new array. May overlap chunk
   * @param options - whether memories may take many samples at once; then the bits depend on the chunks
   * @returns [rows, outputSize] if the model returns sequences (one row per step unless it has strides, unpadded
   *   convolutions or look-ahead), else the last output, [outputSize]; NaN before there is one
   * @throws TypeError, RangeError if an argument is of the wrong kind or length
   * @throws LmuError input-invalid if a value is not finite in f32 (or no token id), or after {@link Stream.end}; disposed
   */
  push<Output extends Float32Array = Floats>(
    chunk: Samples,
    output?: Output,
    options: PrefillOptions = {},
  ): Output {
    return this.#push(chunk, output, false, options);
  }

  /**
   * Takes a chunk of samples and returns the newest output alone, the last row of push to the bit. What of the layers
   * behind the last one with a memory is for other rows is left out: of a language model, the logits of all tokens of a
   * prompt but the last. Allocates as push.
   *
   * @param chunk - as for {@link Stream.push}, and at least one sample
   * @param output - receives f32[outputSize]; without it the output comes in a new array. May overlap chunk
   * @param options - as for {@link Stream.push}
   * @returns [outputSize]; NaN before there is an output
   * @throws as {@link Stream.push}
   */
  last<Output extends Float32Array = Floats>(
    chunk: Samples,
    output?: Output,
    options: PrefillOptions = {},
  ): Output {
    return this.#push(chunk, output, true, options);
  }

  #push<Output extends Float32Array>(
    chunk: Samples,
    output: Output | undefined,
    isNewest: boolean,
    options: PrefillOptions,
  ): Output {
    const action = "push into the stream";
    const many = manyOf(action, options, this.#engine, false);
    const { width, vocabulary } = this.#engine.plan.input;
    const input = takeSamples(action, chunk, vocabulary, output);
    const steps = input.length / width;
    if (!Number.isInteger(steps) || steps < Number(isNewest)) {
      const wanted = isNewest ? `${width} or a multiple` : `a multiple of ${width}`;
      expectLength(action, "input", input.length, wanted);
    }
    return this.#state.take(action, input, steps, false, output, isNewest, many);
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
    return this.#state.take("end the stream", this.#state.latest, 0, true, output);
  }

  /**
   * Returns to the beginning of a sequence: zero state, position 0. Allocates nothing.
   *
   * @throws LmuError disposed
   */
  reset(): void {
    this.#state.clear("reset the stream");
  }

  /**
   * The whole past of the stream as bytes, for {@link Stream.load} and `model.restore`, on any engine and in any later version:
   * 32 bytes, and 4, 2 or some 1.1 per number of the state. In f32 the stream goes on with the same bits. docs/snapshots.md
   * says what the others cost, and has the layout.
   *
   * The newest output goes along only where later steps may repeat it (strides, look-ahead, …): after a restore, a model
   * that returns the last output alone answers from the next sample on.
   *
   * @param options - how floats are stored
   * @returns a new array; equal pasts give equal bytes
   * @throws TypeError if options are of the wrong kind
   * @throws LmuError snapshot-invalid if the state is not finite, or from 2^127 on in f16 and int8; disposed
   */
  save(options: SaveOptions = {}): Bytes {
    const action = "save the stream";
    expectOptions(action, options, ["dtype"]);
    const { dtype = "f32" } = options;
    return this.#state.save(action, dtype);
  }

  /**
   * Goes on from a snapshot of the same model, whatever this stream has seen.
   *
   * @param snapshot - what {@link Stream.save} returned
   * @throws TypeError if it is no array of bytes
   * @throws LmuError snapshot-invalid, snapshot-other-model or snapshot-newer: then the stream is as it was; disposed
   */
  load(snapshot: Uint8Array | ArrayBuffer): void {
    this.#state.load("load the snapshot", snapshot);
  }

  /**
   * A second stream with the same past, from which both go on by themselves.
   *
   * @throws LmuError disposed, model-too-large
   */
  fork(): Stream {
    return new Stream(this.#engine, this.#state.copy("fork the stream"));
  }

  /** Gives the state back to the model. Idempotent; use afterwards throws LmuError disposed. */
  dispose(): void {
    this.#state.close();
  }

  /** {@link Stream.dispose}, for `using`. */
  [DISPOSE](): void {
    this.dispose();
  }

  /** Reads a sample: each value once, before anything else, for getters of an array may do anything, even step this stream. */
  #read(action: string, sample: Samples | number): Float64Array {
    const { width, vocabulary } = this.#engine.plan.input;
    const copy = this.#sample ?? new Float64Array(width);
    this.#sample = undefined;
    return readSample(action, sample, vocabulary, copy);
  }

  /** @internal */
  protected override get shape(): Shape {
    return this.#engine.plan;
  }

  /** @internal */
  protected override place(action: string): Place {
    const { session } = this.#state.expectAlive(action);
    return { plan: this.#engine.plan, floats: session.floats, state: this.#state.at };
  }
}
