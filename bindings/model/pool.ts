import { DISPOSE, isDisposedOf } from "../dispose.js";
import { expectInteger, expectOptions, idInvalid, LmuError } from "../errors.js";
import { printable } from "../inspect.js";
import type { Places } from "../runtime/places.js";
import { slotOf, type States } from "../runtime/states.js";
import type { Engine } from "./engine.js";
import { type Bytes, checkOutput, type Floats, readSample, type Samples } from "./ports.js";
import { writeMemory } from "./sample.js";
import { type Past, readSnapshot, type SaveOptions, writeSnapshot } from "./snapshot.js";
import { expectStreamable } from "./open-state.js";

const MAX_CAPACITY = 2 ** 20;

/** The newest id of all pools: none is given twice, so one of another pool is no id here. */
let newestId = 0;

/**
 * Many live signals, each with its own state, that advance together: one call takes whatever samples have come. Made by
 * {@link Model.pool}.
 *
 * Streams go by ids, numbers that no pool gives twice. Each has the outputs, to the last bit, that a {@link Stream} alone has,
 * whatever its neighbours do and however its samples are spread over ticks.
 */
export class Pool {
  /** Streams that can be open at a time. */
  readonly capacity: number;

  readonly #engine: Engine;
  /** Undefined once disposed. */
  #places: Places | undefined;
  /** The ids of the streams in each place; NaN where there is none. */
  readonly #ids: Float64Array;
  /** Ids are distinct modulo this power of two, at least the capacity: the remainder is the place. */
  readonly #stride: number;
  /** Places in any order: those of open streams, then the free ones. */
  readonly #order: Int32Array;
  #size = 0;
  /** A copy of an output for the caller, who may change it or give it away. */
  #shown: Float32Array;

  static {
    printable(Pool, "Pool", ({ size, capacity }) => ({ size, capacity }));
  }

  /** @internal */
  constructor(engine: Engine, capacity: number) {
    const action = "open a pool";
    expectStreamable(engine, action);
    expectInteger(action, "capacity", capacity, 1, MAX_CAPACITY);
    this.#engine = engine;
    this.capacity = capacity;
    this.#ids = new Float64Array(capacity).fill(NaN);
    this.#stride = 2 ** (32 - Math.clz32(capacity - 1));
    this.#order = new Int32Array(capacity).map((_, place) => place);
    this.#shown = new Float32Array(engine.plan.output.width);
    this.#places = engine.openPlaces(this, action, capacity);
  }

  /** Streams that are open. */
  get size(): number {
    return this.#size;
  }

  /**
   * Opens a stream at the beginning of a sequence. Allocates nothing.
   *
   * @returns its id
   * @throws LmuError pool-full, disposed
   */
  open(): number {
    const place = this.#freePlace("open a stream of the pool");
    this.#places!.clear(place);
    return this.#occupy(place);
  }

  /**
   * Gives a stream a sample, which waits for the next tick. Several may wait, to be taken in their order. Allocates nothing for
   * numbers and Float32Arrays, unless more samples wait than ever before.
   *
   * @param id - of the stream
   * @param sample - f32[inputSize], in the units the model was trained on, or the number itself when inputSize is 1
   * @throws TypeError, RangeError if sample is of the wrong kind or length
   * @throws LmuError id-invalid; input-invalid if a value is not finite in f32 (or no token id), or if the stream was
   *   restored after its end; disposed; model-too-large
   */
  push(id: number, sample: Samples | number): void {
    const action = "push into the pool";
    let place = this.#openPlace(action, id);
    const { session } = this.#engine.states!;
    if (!writeMemory(session, sample, this.#places!.sample())) {
      const { width, vocabulary } = session.image.input;
      const copy = readSample(action, sample, vocabulary, new Float64Array(width));
      // Reading may have run anybody's code.
      place = this.#openPlace(action, id);
      const at = this.#places!.sample() / 4;
      (vocabulary === undefined ? session.floats : session.integers).set(copy, at);
    }
    const { rowBytes, maxSteps } = this.#engine.plan;
    if (rowBytes || maxSteps < Infinity) {
      const slots = slotOf(this.#places!.state(place));
      this.#engine.makeRoom(action, slots, 1, this.#places!.waits(place) + 1);
    }
    this.#places!.wait(place);
  }

  /**
   * Takes all samples that wait: in one call into wasm, in time that grows with their number. Allocates nothing.
   *
   * @throws LmuError disposed
   */
  tick(): void {
    this.#expectAlive("tick the pool");
    this.#places!.tick();
  }

  /**
   * The newest output of a stream, as of the last tick: as if its sequence ended there. NaN before there is one. Allocates
   * nothing.
   *
   * @param id - of the stream
   * @param output - receives f32[outputSize]; without it an array of the pool is returned, overwritten by every call (a new
   *   one if it has been transferred)
   * @returns output, or the pool's own array
   * @throws TypeError, RangeError if output is of the wrong kind or length
   * @throws LmuError id-invalid, disposed
   */
  output<Output extends Float32Array = Floats>(id: number, output?: Output): Output {
    const action = "read an output of the pool";
    const place = this.#placeOf(action, id);
    const { floats, image } = this.#engine.states!.session;
    const { width } = image.output;
    checkOutput(action, output, width);
    if (this.#shown.length !== width) this.#shown = new Float32Array(width);
    const target = output ?? this.#shown;
    const first = this.#places!.newest(place);
    for (let i = 0; i < width; i++) target[i] = floats[first + i]!;
    return target as Output;
  }

  /**
   * Samples a stream has taken since its beginning or the last reset.
   *
   * @param id - of the stream
   * @throws LmuError id-invalid, disposed
   */
  position(id: number): number {
    const place = this.#placeOf("read a position of the pool", id);
    return this.#engine.states!.position(this.#places!.state(place));
  }

  /**
   * A stream's whole past as of the last tick as bytes: what {@link Stream.save} of a lone one gives.
   *
   * @param id - of the stream
   * @param options - how floats are stored
   * @throws TypeError if options are of the wrong kind
   * @throws LmuError id-invalid, snapshot-invalid, disposed
   */
  save(id: number, options: SaveOptions = {}): Bytes {
    const action = "save a stream of the pool";
    expectOptions(action, options, ["dtype"]);
    const { dtype = "f32" } = options;
    const place = this.#placeOf(action, id);
    const newest = this.output(id, new Float32Array(this.#engine.plan.output.width));
    return writeSnapshot(action, this.#engine, this.#places!.state(place), newest, dtype);
  }

  /**
   * Opens a stream that goes on from a snapshot. As with `model.restore`, its newest output may not be known before its next
   * sample: then it is NaN.
   *
   * @param snapshot - of any stream of this model, alone or in a pool
   * @returns its id
   * @throws TypeError if it is no array of bytes
   * @throws LmuError snapshot-invalid, snapshot-other-model, snapshot-newer, pool-full, disposed
   */
  restore(snapshot: Uint8Array | ArrayBuffer): number {
    const action = "restore a stream of the pool";
    const past = readSnapshot(action, this.#engine, snapshot);
    const place = this.#freePlace(action);
    this.#put(action, place, past);
    return this.#occupy(place);
  }

  /**
   * Opens a stream that goes on from where another one is. Samples that wait stay with that one alone. Allocates nothing.
   *
   * @param id - of the other stream
   * @returns the id of the new one
   * @throws LmuError id-invalid, pool-full, disposed
   */
  fork(id: number): number {
    const action = "fork a stream of the pool";
    const from = this.#placeOf(action, id);
    const place = this.#freePlace(action);
    if (this.#engine.plan.rowBytes) {
      const states = this.#engine.states!;
      const at = this.#places!.state(from);
      const latest = this.output(id).slice();
      this.#put(action, place, { words: states.take(at), rows: states.rows(at).slice(), latest });
    } else this.#places!.copy(from, place);
    return this.#occupy(place);
  }

  /**
   * Returns a stream to the beginning of a sequence: zero state, position 0, no sample waits. Allocates nothing.
   *
   * @param id - of the stream
   * @throws LmuError id-invalid, disposed
   */
  reset(id: number): void {
    const place = this.#placeOf("reset a stream of the pool", id);
    this.#places!.clear(place);
  }

  /**
   * Closes a stream: its place is free, its id is never valid again, samples that wait are dropped. Allocates nothing.
   *
   * @param id - of the stream
   * @throws LmuError id-invalid, disposed
   */
  close(id: number): void {
    const place = this.#placeOf("close a stream of the pool", id);
    if (this.#engine.plan.rowBytes) this.#places!.clear(place);
    else this.#places!.drop(place);
    this.#ids[place] = NaN;
    this.#order[--this.#size] = place;
  }

  /** Closes all streams and gives their memory back to the model. Idempotent; use afterwards throws LmuError disposed. */
  dispose(): void {
    isDisposedOf(this);
    this.#places?.release();
    this.#places = undefined;
    this.#size = 0;
  }

  /** {@link Pool.dispose}, for `using`. */
  [DISPOSE](): void {
    this.dispose();
  }

  #expectAlive(action: string): States {
    const states = this.#engine.running(action);
    if (this.#places) return states;
    throw new LmuError("disposed", `Cannot ${action}: the pool is disposed`);
  }

  #placeOf(action: string, id: number): number {
    this.#expectAlive(action);
    const place = id & (this.#stride - 1);
    if (this.#ids[place] === id) return place;
    throw idInvalid(action, id);
  }

  /** The place of a stream that takes samples. */
  #openPlace(action: string, id: number): number {
    const place = this.#placeOf(action, id);
    if (!this.#engine.states!.isEnded(this.#places!.state(place))) return place;
    const message = `Cannot ${action}: the sequence of ${id} has ended; reset it first`;
    throw new LmuError("input-invalid", message);
  }

  /** Gives a free place a past: a state, and the newest output if it is known. */
  #put(action: string, place: number, past: Past): void {
    const places = this.#places!;
    places.clear(place);
    this.#engine.putPast(action, places.state(place), past.words, past.rows);
    const { floats } = this.#engine.states!.session;
    if (past.latest) floats.set(past.latest, places.newest(place));
  }

  #freePlace(action: string): number {
    this.#expectAlive(action);
    if (this.#size < this.capacity) return this.#order[this.#size]!;
    const message = `Cannot ${action}: it has ${this.#size} streams open, expected fewer; close one first`;
    throw new LmuError("pool-full", message);
  }

  #occupy(place: number): number {
    this.#size++;
    newestId = (Math.floor(newestId / this.#stride) + 1) * this.#stride + place;
    this.#ids[place] = newestId;
    return newestId;
  }
}
