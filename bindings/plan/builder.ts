import { LmuError } from "../errors.js";
import { type Hold, MatrixWork } from "../legendre/residual.js";
import { STATE } from "../runtime/records.js";
import { type DType, sizeOf, type Tensor } from "../tensor.js";
import { Address, checkBytes } from "./address.js";
import type { Capacity, Clock } from "./clock.js";
import type { Node } from "./node.js";
import { pad4 } from "./panels.js";
import { Program } from "./program.js";
import { type MatrixOptions, Weights } from "./weights.js";

/** Shape and type of a stored tensor: all that planning needs to know of it. */
export interface TensorInfo {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** Bytes of the elements of a state's fields. */
const STATE_TYPES = { f32: 4, i32: 4, f64: 8 } as const;

/** One field of a state: what a layer keeps of a stream's past. */
export interface StateField {
  readonly layer: string;
  readonly field: string;
  /** In bytes, a multiple of 16. */
  readonly offset: number;
  readonly shape: readonly number[];
  readonly type: keyof typeof STATE_TYPES;
}

/** What a layer costs, for the report. */
export interface LayerCost {
  readonly name: string;
  readonly type: string;
  /** What else its description says. */
  readonly options: object;
  readonly outputSize: number;
  parameters: number;
  stateBytes: number;
  multiplyAdds: number;
  /** Tensors of the file that the layer reads. */
  readonly tensors: (TensorInfo & { readonly name: string })[];
}

/** Each window asks the one before it how many rows there are: more would need too much stack. */
const MAX_WINDOWS = 1000;

/** Zero rows before and after sequences, of all windows together: each is a row that a single step may have to make. */
const MAX_PADDING = 2 ** 16;

/** Collects records, weights, buffers and state while the layers are planned one after another. */
export class Builder {
  readonly weights = new Weights();
  readonly program = new Program();
  readonly warnings: string[] = [];
  readonly costs: LayerCost[] = [];
  readonly matrixWork = new MatrixWork();
  /** Why the model cannot run as a stream, if it cannot. */
  wholeSequence: string | undefined;
  bufferBytes = 0;
  stateBytes: number = STATE.bytes;
  readonly stateFields: StateField[] = [];
  readonly capacity: Capacity;

  readonly #tensors: ReadonlyMap<string, TensorInfo>;
  readonly #unread: Set<string>;
  #windows = 0;
  #padding = 0;
  #gathered = 0;

  constructor(
    tensors: ReadonlyMap<string, TensorInfo>,
    capacity: Capacity,
    readonly hold?: Hold,
  ) {
    this.#tensors = tensors;
    this.#unread = new Set(tensors.keys());
    this.capacity = capacity;
  }

  // ---- tensors ----

  /** Names of tensors no layer has asked for. */
  get unread(): string[] {
    return [...this.#unread];
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  /**
   * Shape of a tensor, checked: a number is a size it must have, undefined leaves the size to the file.
   *
   * @throws LmuError tensor-missing or tensor-invalid
   */
  shape<const T extends readonly (number | undefined)[]>(
    name: string,
    ...wanted: T
  ): { [K in keyof T]: number } {
    const info = this.#tensors.get(name);
    if (!info)
      throw new LmuError("tensor-missing", `Cannot load the model: tensor ${name} is missing`);
    const { shape } = info;
    const fits =
      shape.length === wanted.length &&
      shape.every((size, axis) => size === (wanted[axis] ?? size));
    if (!fits || shape.some((size) => size < 1)) {
      const expected = wanted.map((size) => size ?? "any").join(", ");
      throw new LmuError(
        "tensor-invalid",
        `Cannot load the model: tensor ${name} has shape [${shape.join(", ")}], expected [${expected}]`,
      );
    }
    if (this.#unread.delete(name)) {
      this.#cost.parameters += sizeOf(shape);
      this.#cost.tensors.push({ name, dtype: info.dtype, shape });
    }
    return shape as unknown as { [K in keyof T]: number };
  }

  // ---- buffers and state ----

  /** What a layer gives on a clock, with rows of its own. */
  node(clock: Clock, width: number): Node {
    return { at: this.buffer(clock, width), width, clock };
  }

  /** Rows for a layer's output. */
  buffer(clock: Clock, width: number): Address {
    return this.scratch(clock.capacity * pad4(width));
  }

  /** Floats that live for one call. */
  scratch(floats: number): Address {
    const offset = this.bufferBytes;
    this.bufferBytes += pad4(floats) * 4;
    checkBytes(this.bufferBytes);
    return new Address("buffers", offset);
  }

  /** A field of every stream's state; returns its offset in bytes. Zero at the beginning of a sequence. */
  state(field: string, shape: readonly number[], type: StateField["type"] = "f32"): number {
    const offset = this.stateBytes;
    const bytes = pad4((sizeOf(shape) * STATE_TYPES[type]) / 4) * 4;
    this.stateBytes += bytes;
    checkBytes(this.stateBytes);
    this.#cost.stateBytes += bytes;
    this.stateFields.push({ layer: this.#cost.name, field, offset, shape, type });
    return offset;
  }

  /** Notes that a product reads so many floats of every stream's state at once. */
  gathers(floats: number): void {
    this.#gathered = Math.max(this.#gathered, pad4(floats));
  }

  /** Scratch for what products gather, reserved when all layers are planned. */
  gathered(): Address {
    return this.scratch(this.#gathered * this.capacity.streams);
  }

  /** A matrix that a record multiplies with, of a tensor [outputs, inputs]; outputs are padded. */
  matrix(
    source: string | Tensor,
    outputs: number,
    inputs: number,
    options?: MatrixOptions,
  ): Address {
    const rows = pad4(outputs);
    return this.program.matrix(this.weights.matrix(source, rows, inputs, options), rows, inputs);
  }

  /** A vector of the file, checked. */
  vector(name: string, length: number): Address {
    this.shape(name, length);
    return this.weights.vector(name, length);
  }

  // ---- costs ----

  /** Opens the account of a layer; what follows is counted on it. */
  begin({ name, type, ...options }: { readonly name: string; readonly type: string }): void {
    const counts = { outputSize: 0, parameters: 0, stateBytes: 0, multiplyAdds: 0 };
    this.costs.push({ name, type, options, ...counts, tensors: [] });
  }

  /** Closes it, for a layer that gives one row of so many features in so many input steps. */
  end(outputSize: number, stepsPerRow = 1): void {
    Object.assign(this.#cost, { outputSize });
    this.#cost.multiplyAdds /= stepsPerRow;
  }

  /** Counts multiplications (with their additions) per row. */
  multiplyAdds(count: number): void {
    this.#cost.multiplyAdds += count;
  }

  warn(message: string): void {
    this.warnings.push(message);
  }

  /** @throws LmuError model-too-large */
  countWindow(name: string, padding: number): void {
    this.#padding += padding;
    if (++this.#windows > MAX_WINDOWS) {
      tooLarge(`${name} is one of more than ${MAX_WINDOWS} convolutions and poolings`);
    }
    if (this.#padding > MAX_PADDING) {
      tooLarge(`with ${name} it pads its sequences with more than ${MAX_PADDING} rows`);
    }
  }

  /** Notes that the model needs all steps of a sequence at once. */
  needWholeSequence(reason: string): void {
    this.wholeSequence ??= reason;
  }

  /** @throws LmuError model-too-large */
  checkBytes(): void {
    const { bufferBytes, stateBytes, capacity } = this;
    checkBytes(this.weights.bytes + bufferBytes + stateBytes * capacity.streams);
  }

  get #cost(): LayerCost {
    return this.costs[this.costs.length - 1]!;
  }
}

/** @throws LmuError model-too-large */
export function tooLarge(problem: string): never {
  throw new LmuError("model-too-large", `Cannot load the model: ${problem}`);
}
