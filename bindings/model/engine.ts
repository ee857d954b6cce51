import type { Description } from "../description.js";
import { LmuError } from "../errors.js";
import type { Capacity } from "../facts/clock.js";
import type { TensorInfo } from "../facts/facts.js";
import { graphOf } from "../graph.js";
import type { Graph } from "../plan/node.js";
import { pack } from "../plan/pack.js";
import { checkUnpaid, type Plan, planModel } from "../plan/plan.js";
import type { Packing } from "../plan/weights.js";
import type { Exports } from "../runtime/exports.js";
import type { ModelImage } from "../runtime/image.js";
import { holdOf } from "../legendre/hold.js";
import { Kernel, type WasmModule } from "../runtime/kernel.js";
import { STATE } from "../runtime/records.js";
import type { Tensor } from "../tensor.js";

// Rows per call: enough for matrix products to run at full speed, few enough for the buffers to stay in cache.
const CALL: Capacity = { rows: 64, streams: 16 };

/** A planned model in wasm memory: its weights, its buffers and the states of its streams. */
export class Engine {
  plan: Plan;
  /** The whole memory, made anew whenever it grows. */
  floats: Float32Array = new Float32Array(0);
  /** The same memory as integers, which token ids are. */
  integers: Int32Array = new Int32Array(0);
  /** The same memory as doubles, which positions are. */
  doubles: Float64Array = new Float64Array(0);

  /** lmu.wasm, compiled. */
  readonly module: WasmModule;

  readonly #graph: Graph;
  /** Where each tensor goes. Weights stay where they are, so this holds for every plan. */
  readonly #packings = new Map<string, Packing[]>();
  #kernel: Kernel | undefined;
  #run: Exports["run"];
  /** States beyond those of batches: how many were ever open, and which are free again. */
  #opened = 0;
  readonly #free: number[] = [];

  /**
   * Plans the model and reserves its memory; weights of the file are zero until written.
   *
   * @throws LmuError whatever is wrong with the description or the tensors; model-too-large
   */
  constructor(
    module: WasmModule,
    description: Description,
    tensors: ReadonlyMap<string, TensorInfo>,
  ) {
    this.module = module;
    this.#graph = graphOf(description, tensors);
    const kernel = start(module);
    this.#kernel = kernel;
    this.#run = kernel.exports.run;
    // Matrices are computed when they are packed; buffers and states are still empty then.
    const hold = holdOf(module, () => ({ kernel, from: this.plan.buffersAt }));
    const plan = planModel(this.#graph, kernel.heapBase, CALL, hold);
    checkUnpaid(plan);
    this.plan = this.#install(plan);
    for (const packing of this.plan.packings) {
      const { source } = packing;
      if (typeof source !== "string") pack(packing, source, 0, this.#weights);
      else this.#packings.set(source, [...(this.#packings.get(source) ?? []), packing]);
    }
  }

  /** Bytes of wasm memory. */
  get memoryBytes(): number {
    return this.floats.byteLength;
  }

  /** Writes a tensor, or consecutive rows of it, wherever the plan wants it. */
  write(name: string, rows: Tensor, firstRow = 0): void {
    for (const packing of this.#packings.get(name) ?? []) {
      pack(packing, rows, firstRow, this.#weights);
    }
  }

  /**
   * Runs steps of input.
   *
   * @param slots - address of a table of states, u32[streams]
   */
  run(slots: number, streams: number, steps: number, isEnd: boolean): void {
    const run = this.#run;
    run(this.plan.at, slots, streams, steps, isEnd ? 1 : 0);
  }

  /** Plans again for calls of at least this many rows of one stream. Only while no stream is open. */
  resize(rows: number): void {
    const plan = planModel(this.#graph, this.plan.at, { rows, streams: 1 });
    this.plan = this.#install(plan);
  }

  /** Address of a state for one stream, at the beginning of a sequence. */
  openState(): number {
    const { statesAt, stateBytes, capacity } = this.plan;
    let at = this.#free.pop();
    if (at === undefined) {
      at = statesAt + (capacity.streams + this.#opened) * stateBytes;
      this.#reserve(at + stateBytes + 16);
      this.#opened++;
    }
    this.clearStates(at, 1);
    return at;
  }

  closeState(at: number): void {
    this.#free.push(at);
  }

  /** Sets states that follow one another to the beginning of a sequence. */
  clearStates(at: number, count: number): void {
    const { stateBytes } = this.plan;
    this.floats.fill(0, at / 4, (at + count * stateBytes) / 4);
    for (let i = 0; i < count; i++) {
      this.integers[(at + i * stateBytes + STATE.slot) / 4] = at + i * stateBytes;
    }
  }

  /** A copy of plan and weights with all that it takes to run one stream of them elsewhere. */
  image(): ModelImage {
    const { at, buffersAt, statesAt, stateBytes, capacity, input, output } = this.plan;
    return {
      bytes: new Uint8Array(this.floats.slice(at / 4, buffersAt / 4).buffer),
      base: at,
      statesAt,
      stateBytes,
      steps: capacity.rows,
      input: { at: input.at, stride: input.stride, width: input.width },
      output: { at: output.at, stride: output.stride, width: output.width, rowsAt: output.rowsAt },
    };
  }

  /** @throws LmuError disposed */
  expectAlive(action: string): void {
    if (!this.#kernel) throw new LmuError("disposed", `Cannot ${action}: the model is disposed`);
  }

  /** Lets go of the memory. Idempotent. */
  dispose(): void {
    this.#kernel = undefined;
    this.#run = () => this.expectAlive("run the model");
    this.floats = new Float32Array(0);
    this.integers = new Int32Array(0);
    this.doubles = new Float64Array(0);
  }

  get #weights(): Float32Array {
    return this.floats.subarray(this.plan.weightsAt / 4);
  }

  /** Reserves memory for a plan and copies its words there. */
  #install(plan: Plan): Plan {
    this.#reserve(plan.statesAt + plan.capacity.streams * plan.stateBytes + 16);
    const { at, words, slotsAt, statesAt, stateBytes, capacity } = plan;
    const memory = new Uint32Array(this.floats.buffer);
    memory.set(words, at / 4);
    for (let i = 0; i < capacity.streams; i++) memory[slotsAt / 4 + i] = statesAt + i * stateBytes;
    return plan;
  }

  #reserve(bytes: number): void {
    const kernel = this.#kernel!;
    if (!kernel.reserve(bytes)) {
      throw new LmuError(
        "model-too-large",
        `Cannot reserve ${bytes} bytes of memory: the engine has no more to give`,
      );
    }
    if (this.floats.byteLength === kernel.bytes) return;
    this.floats = kernel.floats(0, kernel.bytes / 4);
    this.integers = new Int32Array(this.floats.buffer);
    this.doubles = new Float64Array(this.floats.buffer);
  }
}

function start(module: WasmModule): Kernel {
  try {
    return new Kernel(module);
  } catch (cause) {
    if (cause instanceof RangeError || /memory/i.test(String(cause))) {
      throw new LmuError("model-too-large", "Cannot start: the engine has no memory to give", {
        cause,
      });
    }
    throw new LmuError(
      "wasm-unavailable",
      "Cannot start: the module passed as wasm is not lmu.wasm of this version",
      { cause },
    );
  }
}
