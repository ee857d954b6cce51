import { DISPOSE } from "../dispose.js";
import type { Engine } from "./engine.js";
import { LmuError } from "../errors.js";
import { callsOf, jobOf, type RunOptions } from "./job.js";
import { digitsOf } from "./hash.js";
import { printable, sizesOf } from "../inspect.js";
import { type Bytes, type Floats, rowsOf, type Samples } from "./ports.js";
import { Pool } from "./pool.js";
import { type Origin, type Report, reportOf } from "./report.js";
import type { ModelImage } from "../runtime/image.js";
import type { WasmModule } from "../runtime/kernel.js";
import { readSnapshot, type SaveOptions } from "./snapshot.js";
import { expectStreamable } from "./open-state.js";
import { Stream } from "./stream.js";

/** What {@link Model.advance} gives. */
export interface Advance {
  /** The outputs, as {@link Stream.push} returns them. */
  readonly output: Floats;
  /** What to go on from. */
  readonly snapshot: Bytes;
}

/**
 * A loaded model: weights in wasm memory of its own, given back by {@link Model.dispose}. Made by {@link load}.
 *
 * Sequence, stream and batch give the same bits, on every engine. Sizes can be read after disposal, too.
 */
export class Model {
  readonly #engine: Engine;
  readonly #origin: Origin;
  /** What {@link Model.advance} runs on. */
  #between: Stream | undefined;

  static {
    printable(Model, "Model", (model) => ({ format: model.#origin.format, ...sizesOf(model) }));
  }

  /** @internal */
  constructor(engine: Engine, origin: Origin) {
    this.#engine = engine;
    this.#origin = origin;
  }

  /** @internal */
  static engineOf(model: Model): Engine {
    return model.#engine;
  }

  /** Features of one input step; 1 for token models, which read one id per step. */
  get inputSize(): number {
    return this.#engine.plan.input.width;
  }

  /** Features of one output row; every output is f32. */
  get outputSize(): number {
    return this.#engine.plan.output.width;
  }

  /** true: rows of output along the sequence, mostly one per step. false: one row for the whole sequence. */
  get returnsSequence(): boolean {
    return !this.#engine.plan.output.isSingle;
  }

  /** Number of token ids, which are 0 to vocabulary - 1; undefined unless the model reads tokens. */
  get vocabulary(): number | undefined {
    return this.#engine.plan.input.vocabulary;
  }

  /** Input steps by which the outputs of a stream lag behind: 0 unless a convolution is padded at its end. */
  get lookAhead(): number {
    return this.#engine.plan.output.lookAhead;
  }

  /**
   * What the model is made of and what it costs now.
   *
   * @returns a new object
   * @throws LmuError disposed
   */
  report(): Report {
    const { floats } = this.#engine.running("report on the model").session;
    return reportOf(this.#engine.plan, floats.byteLength, this.#origin);
  }

  /**
   * Runs whole sequences, each from the zero state; open streams are not touched. Allocates no array but the
   * outputs, and a copy of an input that is a plain array, in shared memory or in the buffer of the outputs; a model that needs its whole sequence at once takes more memory when one is longer than those before.
   *
   * @param input - f32[batch, steps, inputSize], row by row; token models: ids[batch, steps]. Doubles are rounded to f32
   * @param options - batch size, and where the outputs go
   * @returns f32[batch, rows, outputSize] if the model returns sequences (rows is steps unless it has strides or
   *   unpadded convolutions), else f32[batch, outputSize]
   * @throws TypeError, RangeError if an argument is of the wrong kind or length, or the steps are too few for one output
   * @throws LmuError input-invalid if a value is not finite in f32 (or no token id); disposed; model-too-large
   */
  run<Output extends Float32Array = Floats>(
    input: Samples,
    options: RunOptions<Output> = {},
  ): Output {
    const job = jobOf(this.#engine, input, options);
    const calls = callsOf(this.#engine, job);
    while (!calls.next().done);
    return job.output;
  }

  /**
   * The same as run, with pauses in between, in which a worker reads its messages. Not while anything else runs.
   *
   * @internal
   */
  async runInSlices<Output extends Float32Array = Floats>(
    input: Samples,
    options: RunOptions<Output>,
    pause: () => Promise<void>,
  ): Promise<Output> {
    const job = jobOf(this.#engine, input, options);
    for (const _ of callsOf(this.#engine, job)) await pause();
    return job.output;
  }

  /**
   * The rows of an output, without a copy: `for (const row of model.rows(model.run(input)))`.
   *
   * @param output - [rows, outputSize], of any method
   * @returns a new array of views, f32[outputSize] each
   * @throws TypeError, RangeError if output is of the wrong kind, or its length no multiple of outputSize
   */
  rows<Output extends Float32Array>(output: Output): Output[] {
    return rowsOf(output, this.outputSize);
  }

  /**
   * Opens a stream: one live signal from the zero state. Allocates its state, or reuses that of a disposed stream.
   *
   * @returns the stream, which shares the weights and lives as long as the model
   * @throws LmuError not-streamable if the model needs its whole sequence at once; disposed; model-too-large
   */
  stream(): Stream {
    return new Stream(this.#engine);
  }

  /**
   * Opens a stream that goes on from a snapshot: with the same bits if it is of f32.
   *
   * @param snapshot - what {@link Stream.save} of any stream of this model returned, on whatever engine
   * @throws TypeError if it is no array of bytes
   * @throws LmuError snapshot-invalid, snapshot-other-model or snapshot-newer; not-streamable, disposed, model-too-large
   */
  restore(snapshot: Uint8Array | ArrayBuffer): Stream {
    const action = "restore a stream";
    expectStreamable(this.#engine, action);
    return new Stream(this.#engine, readSnapshot(action, this.#engine, snapshot));
  }

  /**
   * {@link Stream.push} as a pure function, for servers that keep nothing in memory: one stream of the model serves all calls.
   *
   * @param snapshot - of this model, what an earlier call returned; undefined at the beginning of a sequence
   * @param samples - f32[steps, inputSize], row by row; token models: ids[steps]
   * @param options - how floats of the new snapshot are stored
   * @returns the outputs, as push returns them, and the snapshot to go on from
   * @throws TypeError, RangeError, LmuError as {@link Model.restore}, {@link Stream.push} and {@link Stream.save}
   */
  advance(
    snapshot: Uint8Array | ArrayBuffer | undefined,
    samples: Samples,
    options: SaveOptions = {},
  ): Advance {
    // Whoever a sample's getters call back finds none, and opens another.
    const stream = this.#between ?? this.stream();
    this.#between = undefined;
    try {
      if (snapshot === undefined) stream.reset();
      else stream.load(snapshot);
      const output = stream.push(samples);
      return { output, snapshot: stream.save(options) };
    } finally {
      this.#between = stream;
    }
  }

  /**
   * 64 bits of description and weights, as 16 digits: equal for models that exchange snapshots, whatever their files.
   * Computed when it is first asked for or a stream first saved: one pass over the weights, some 2 ms a megabyte.
   *
   * @throws LmuError disposed
   */
  get fingerprint(): string {
    return digitsOf(this.#engine.fingerprint("fingerprint the model"));
  }

  /**
   * Opens a pool: up to so many live signals that advance together, a call for all. Reserves memory for all of them.
   *
   * @param capacity - streams that can be open at a time, 1 to 1,048,576
   * @returns the pool, which shares the weights and lives as long as the model
   * @throws RangeError if capacity is no such integer
   * @throws LmuError not-streamable if the model needs its whole sequence at once; disposed; model-too-large
   */
  pool(capacity: number): Pool {
    return new Pool(this.#engine, capacity);
  }

  /**
   * What another thread needs to run streams of this model.
   *
   * @throws LmuError not-streamable; disposed
   * @internal
   */
  image(): { module: WasmModule; image: ModelImage } {
    const action = "copy the model for streaming";
    const engine = this.engineFor(action);
    const { rowBytes, maxSteps } = engine.plan;
    if (rowBytes || maxSteps < Infinity) {
      const message = `Cannot ${action}: its state grows with every step`;
      throw new LmuError("not-streamable", message);
    }
    return { module: engine.module, image: engine.image() };
  }

  /**
   * What runs streams of this model.
   *
   * @throws LmuError not-streamable
   * @internal
   */
  engineFor(action: string): Engine {
    expectStreamable(this.#engine, action);
    return this.#engine;
  }

  /** Gives the memory back. Idempotent; use of the model or its streams afterwards throws LmuError disposed. */
  dispose(): void {
    this.#engine.dispose();
  }

  /** {@link Model.dispose}, for `using`. */
  [DISPOSE](): void {
    this.dispose();
  }
}
