import type { Description } from "../description.js";
import { disposeWhenForgotten, isDisposedOf } from "../dispose.js";
import { LmuError } from "../errors.js";
import { Gaps } from "./gaps.js";
import type { Edition } from "./edition.js";
import type { Capacity } from "../facts/clock.js";
import type { TensorInfo } from "../facts/facts.js";
import { fingerprintOf } from "./fingerprint.js";
import type { Hash } from "./hash.js";
import { install, reserving, start } from "./install.js";
import { graphOf } from "../graph.js";
import type { Graph } from "../plan/node.js";
import type { Planner } from "../plan/builder.js";
import { pack } from "../plan/pack.js";
import { checkUnpaid, type Plan, planModel } from "../plan/plan.js";
import type { Packing } from "../plan/weights.js";
import type { ModelImage } from "../runtime/image.js";
import { holdOf } from "../legendre/hold.js";
import type { Hold } from "../legendre/residual.js";
import type { WasmModule } from "../runtime/kernel.js";
import { Places } from "../runtime/places.js";
import { slotOf, type States } from "../runtime/states.js";
import type { Tensor } from "../tensor.js";

// Rows per call: enough for matrix products to run at full speed, few enough for the buffers to stay in cache.
const ROWS = 64;
// Streams of a batch: as many as the widest products need, unless their states are large.
const STREAMS = 16;
export const STATES_BYTES = 2 ** 24;

// Steps per call of memories that take many rows at once, as far as buffers stay below so many bytes.
const PREFILL_STEPS = 1024;
const PREFILL_BYTES = 2 ** 26;

/** A model that is planned again has its matrices already. */
const UNUSED: Hold = () => new Float64Array(0);

/** A planned model in wasm memory: its weights, its buffers and the states of its streams. */
export class Engine {
  plan: Plan;
  /** lmu.wasm or lmu-full.wasm, compiled. */
  readonly module: WasmModule;

  readonly #Int8: Edition["Int8"];
  readonly #graph: Graph;
  readonly #description: Description;
  /** Where each tensor goes. Weights stay where they are, so this holds for every plan. */
  readonly #packings = new Map<string, Packing[]>();
  /** The states of its streams, and the session that runs them: nothing else holds the memory. */
  #states: States | undefined;
  /** Makes memories take many rows at once; undefined if they only step. */
  readonly planner: Planner | undefined;
  #fingerprint: Hash | undefined;
  /** Made when a stream first steps by another time than one. */
  #gaps: Gaps | undefined;

  /**
   * Plans the model and reserves its memory; weights of the file are zero until written.
   *
   * @throws LmuError whatever is wrong with the description or the tensors; model-too-large
   */
  constructor(
    { module, kinds, isFull, planner, Int8 }: Edition,
    description: Description,
    tensors: ReadonlyMap<string, TensorInfo>,
  ) {
    this.module = module;
    this.planner = planner;
    this.#Int8 = Int8;
    this.#description = description;
    this.#graph = graphOf(description, tensors, kinds);
    const exports = start(module, isFull);
    const base = exports.heapBase();
    const { hold } = this;
    const { stateBytes } = this.#graph.facts;
    const streams = Math.max(1, Math.min(STREAMS, Math.floor(STATES_BYTES / stateBytes)));
    const plan = (rows: number) =>
      planModel(this.#graph, base, { rows, streams }, hold, planner, Int8);
    let rows = planner ? PREFILL_STEPS * streams : ROWS;
    this.plan = plan(rows);
    while (rows > ROWS && this.plan.statesAt - this.plan.buffersAt > PREFILL_BYTES) {
      this.plan = plan((rows /= 2));
    }
    checkUnpaid(this.plan);
    this.#states = install(exports, this.plan);
    for (const packing of this.plan.packings) {
      const { source } = packing;
      if (typeof source !== "string") pack(packing, source, 0, this.#weights);
      else this.#packings.set(source, [...(this.#packings.get(source) ?? []), packing]);
    }
  }

  /** Writes a tensor, or consecutive rows of it, wherever the plan wants it. */
  write(name: string, rows: Tensor, firstRow = 0): void {
    for (const packing of this.#packings.get(name) ?? []) {
      pack(packing, rows, firstRow, this.#weights);
    }
  }

  /** What is left to do when all tensors are written. */
  finish(): this {
    if (!this.planner) return this;
    const { floats, integers } = this.#states!.session;
    this.plan.prepare({ floats, integers, hold: this.hold });
    return this;
  }

  /**
   * Computes matrices where buffers and states will be: they are packed while these are still empty. Reaches the memory through
   * the engine alone, for the plan keeps it.
   */
  private get hold(): Hold {
    return holdOf(this.module, () => {
      const { exports } = this.#states!.session;
      return { exports, from: this.plan.buffersAt };
    });
  }

  /** Steps of a call of so many streams at most: what is taken step by step should stay in cache. */
  most(streams: number, isParallel: boolean): number {
    const { rows, streams: all } = this.plan.capacity;
    if (isParallel) return Math.floor(rows / all);
    return this.plan.wholeSequence === undefined ? Math.floor(ROWS / streams) : rows;
  }

  /**
   * What runs the model.
   *
   * @throws LmuError disposed
   */
  running(action: string): States {
    if (this.#states) return this.#states;
    throw new LmuError("disposed", `Cannot ${action}: the model is disposed`);
  }

  /**
   * The same, for calls of at least this many rows of one stream. Only while no stream is open.
   *
   * @throws LmuError disposed, model-too-large
   */
  resized(action: string, rows: number): States {
    const { session } = this.running(action);
    if (rows > this.plan.capacity.rows) {
      const call: Capacity = { rows, streams: 1 };
      const plan = planModel(this.#graph, this.plan.at, call, UNUSED, this.planner, this.#Int8);
      this.#states = install(session.exports, plan);
      this.plan = plan;
    }
    return this.#states!;
  }

  /**
   * What tells this model from others, computed when it is first asked for: one pass over the weights.
   *
   * @throws LmuError disposed
   */
  fingerprint(action: string): Hash {
    this.running(action);
    return (this.#fingerprint ??= fingerprintOf(
      this.#description,
      this.plan,
      this.#packings,
      this.#weights,
    ));
  }

  /** The states of streams; undefined once the model is disposed. */
  get states(): States | undefined {
    return this.#states;
  }

  /**
   * Address of a state for one stream, at the beginning of a sequence.
   *
   * @param owner - whose state it is until it is closed, or the owner has been collected
   * @throws LmuError disposed, model-too-large
   */
  openState(owner: object): number {
    const { end } = this.running("open a stream");
    const state = reserving(end + this.plan.stateBytes, () => this.#states!.open());
    // Holds the engine only: its memory is given back while streams of it are still around.
    disposeWhenForgotten(owner, () => this.#states?.close(state));
    return state;
  }

  /** Gives a state back. */
  closeState(owner: object, state: number): void {
    isDisposedOf(owner);
    this.#states?.close(state);
  }

  /**
   * Places for so many streams that advance together; given back when nobody has their owner any more.
   *
   * @throws LmuError disposed, model-too-large
   */
  openPlaces(owner: object, action: string, capacity: number): Places {
    const { end } = this.running(action);
    const { stateBytes, output, phases } = this.plan;
    const bytes = end + capacity * (stateBytes + output.stride);
    const places = reserving(bytes, () => new Places(this, phases, capacity));
    disposeWhenForgotten(owner, () => places.release());
    return places;
  }

  /**
   * How streams step by other times than one.
   *
   * @throws LmuError disposed, dt-unsupported, model-too-large
   */
  gaps(action: string): Gaps {
    const states = this.running(action);
    if (this.#gaps) return this.#gaps;
    const { session } = states;
    const hold = holdOf(this.module, (bytes) => {
      // Past all that is in use there is room for the scratch of a matrix.
      session.reserve(states.end + bytes);
      return { exports: session.exports, from: states.end };
    });
    const reserve = (bytes: number) => reserving(states.end + bytes, () => states.reserve(bytes));
    return (this.#gaps = new Gaps(session, this.plan, hold, reserve));
  }

  /**
   * Asked before every call: whether these sequences may be so many steps longer. Their states get the memory for it.
   *
   * @param slots - address of a table of states, u32[streams]
   * @throws LmuError input-invalid beyond the positions that the model knows; model-too-large; disposed
   */
  makeRoom(action: string, slots: number, streams: number, steps: number): void {
    const { rowBytes, maxSteps } = this.plan;
    if (!rowBytes && maxSteps === Infinity) return;
    const states = this.running(action);
    for (let s = 0; s < streams; s++) {
      const position = states.position(states.session.integers[slots / 4 + s]! >>> 0);
      this.expectSteps(action, position + steps);
    }
    if (rowBytes)
      reserving(states.end + steps * rowBytes, () => states.makeRoom(slots, streams, steps));
  }

  /**
   * Gives a state a past of this model.
   *
   * @throws LmuError model-too-large: then nothing has changed; disposed
   */
  putPast(action: string, at: number, words: Int32Array, rows: Float32Array): void {
    const states = this.running(action);
    const { rowBytes } = this.plan;
    const steps = rows.byteLength / (rowBytes || 1) - states.position(at);
    this.makeRoom(action, slotOf(at), 1, steps);
    states.put(at, words, rows);
  }

  /** @throws LmuError input-invalid if no sequence may be so long */
  expectSteps(action: string, steps: number): void {
    const { maxSteps } = this.plan;
    if (steps <= maxSteps) return;
    const message = `Cannot ${action}: the sequence has ${steps} steps, expected at most the ${maxSteps} positions of the model`;
    throw new LmuError("input-invalid", message);
  }

  /** A copy of plan and weights with all that it takes to run one stream of them elsewhere. */
  image(): ModelImage {
    const { floats } = this.running("copy the model").session;
    const { at, buffersAt, statesAt, stateBytes, capacity, input, output } = this.plan;
    return {
      bytes: new Uint8Array(floats.slice(at / 4, buffersAt / 4).buffer),
      ...{ at, input, output, statesAt, stateBytes, rowBytes: 0, blockAt: 0 },
      capacity: { ...capacity, streams: 1 },
    };
  }

  /** Lets go of the memory. Idempotent. */
  dispose(): void {
    this.#states = undefined;
    this.#gaps = undefined;
  }

  get #weights(): Float32Array {
    return this.#states!.session.floats.subarray(this.plan.weightsAt / 4);
  }
}
