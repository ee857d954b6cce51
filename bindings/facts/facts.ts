import { cannotLoad } from "../errors.js";
import { MatrixWork } from "../legendre/residual.js";
import { STATE } from "../runtime/records.js";
import { type DType, ELEMENT_BYTES, sizeOf } from "../tensor.js";
import { checkBytes, pad4 } from "./bytes.js";
import type { Capacity, Clock, Count } from "./clock.js";

/** Shape and type of a stored tensor: all that is known of it before it comes. */
export interface TensorInfo {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** What a field of a state holds, beyond its shape. */
interface FieldOptions {
  /** Floats unless given. */
  readonly type?: "f32" | "i32" | "f64";
  /** Elements from row to row of the last axis; what is between them is never read. The length of that axis unless given. */
  readonly stride?: number;
  /** Of counts: what they are. They follow from the position alone, so that no snapshot can forge them. */
  readonly counts?: readonly Count[];
  /** Rows of the first axis in use, from one on and around the end. All of them unless given. */
  readonly used?: { readonly first?: Count; readonly rows: Count; readonly more?: number };
  /** Below what a rounded snapshot can hold. */
  readonly isFine?: boolean;
  /** What a row is multiplied with to be what users know, if it is kept otherwise. */
  readonly factors?: Float64Array | undefined;
}

/** One field of a state: what a layer keeps of a stream's past. */
export interface StateField extends FieldOptions {
  readonly layer: string;
  readonly field: string;
  /** In bytes, a multiple of 16. */
  readonly offset: number;
  readonly shape: readonly number[];
  readonly type: "f32" | "i32" | "f64";
  readonly stride: number;
}

/** What a layer costs, for the report. */
export interface LayerCost {
  readonly name: string;
  readonly type: string;
  /** What else its description says. */
  readonly options: object;
  outputSize: number;
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

/**
 * What is known of a model before anything has an address: its tensors, clocks, costs, the fields of its states. Layers
 * ask and tell while they become nodes, one after another.
 */
export class Facts {
  readonly warnings: string[] = [];
  readonly costs: LayerCost[] = [];
  readonly stateFields: StateField[] = [];
  /** Offsets of counters in a state, i32, that decide when a step makes a row. */
  readonly phases: number[] = [];
  readonly matrixWork = new MatrixWork();
  stateBytes: number = STATE.bytes;
  /** The first layer that states grow for, if any does. */
  growing: string | undefined;
  /** Bytes that a state grows by with every step. */
  rowBytes = 0;
  /** Where a state has the Block of the rows that it has grown by. */
  blockAt = 0;
  /** Steps that a sequence may have at most. */
  maxSteps = Infinity;
  clocks = 0;
  /** Why the model cannot run as a stream, if it cannot. */
  wholeSequence: string | undefined;

  readonly #tensors: ReadonlyMap<string, TensorInfo>;
  readonly #unread: Set<string>;
  readonly #singles = new Map<Clock, Clock>();
  #windows = 0;
  #padding = 0;

  constructor(tensors: ReadonlyMap<string, TensorInfo>) {
    this.#tensors = tensors;
    this.#unread = new Set(tensors.keys());
  }

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
    if (!info) cannotLoad(`tensor ${name} is missing`, "tensor-missing");
    const { shape } = info;
    const fits =
      shape.length === wanted.length &&
      shape.every((size, axis) => size === (wanted[axis] ?? size));
    if (!fits || shape.some((size) => size < 1)) {
      const expected = wanted.map((size) => size ?? "any").join(", ");
      cannotLoad(
        `tensor ${name} has shape [${shape.join(", ")}], expected [${expected}]`,
        "tensor-invalid",
      );
    }
    if (this.#unread.delete(name)) {
      this.#cost.parameters += sizeOf(shape);
      this.#cost.tensors.push({ name, dtype: info.dtype, shape });
    }
    return shape as unknown as { [K in keyof T]: number };
  }

  /** The name of a vector that the file may leave out; its length is checked. */
  optional(name: string, length: number): string | undefined {
    if (!this.has(name)) return undefined;
    this.shape(name, length);
    return name;
  }

  /** A clock of the model. */
  clock(options: Omit<Clock, "id">): Clock {
    return { ...options, id: this.clocks++ };
  }

  /** A clock with one row per call, the newest of what runs on another: one for each clock, however many layers ask. */
  single(from: Clock): Clock {
    const known = this.#singles.get(from);
    if (known) return known;
    const single = { capacity: ({ streams }: Capacity) => streams, isSingle: true, rows: 1 };
    const clock = this.clock({ ...from, ...single });
    this.#singles.set(from, clock);
    return clock;
  }

  /** A field of every stream's state; returns its offset in bytes. Zero at the beginning of a sequence. */
  state(field: string, shape: readonly number[], options: FieldOptions = {}): number {
    const { type = "f32", stride = shape.at(-1)! } = options;
    const offset = this.stateBytes;
    const bytes = pad4((sizeOf(shape.slice(0, -1)) * stride * ELEMENT_BYTES[type]) / 4) * 4;
    this.stateBytes += bytes;
    checkBytes(this.stateBytes);
    this.#cost.stateBytes += bytes;
    this.stateFields.push({
      layer: this.#cost.name,
      field,
      offset,
      shape,
      ...options,
      type,
      stride,
    });
    return offset;
  }

  /** Floats of the row that every state grows by with each step, all of them written then; returns their offset in bytes. */
  rowOfState(floats: number): number {
    if (!this.rowBytes) {
      this.growing = this.#cost.name;
      this.blockAt = this.stateBytes;
      this.stateBytes += 16;
      this.#cost.stateBytes += 16;
    }
    const offset = this.rowBytes;
    this.rowBytes += floats * 4;
    checkBytes(this.rowBytes);
    return offset;
  }

  /** Opens the account of a layer; what follows is counted on it. */
  begin({ name, type, ...options }: { readonly name: string; readonly type: string }): void {
    const counts = { outputSize: 0, parameters: 0, stateBytes: 0, multiplyAdds: 0 };
    this.costs.push({ name, type, options, ...counts, tensors: [] });
  }

  /** Closes it, for a layer that gives one row of so many features in so many input steps. */
  end(outputSize: number, stepsPerRow: number): void {
    this.#cost.outputSize = outputSize;
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
      cannotLoad(
        `${name} is one of more than ${MAX_WINDOWS} convolutions and poolings`,
        "model-too-large",
      );
    }
    if (this.#padding > MAX_PADDING) {
      cannotLoad(
        `with ${name} it pads its sequences with more than ${MAX_PADDING} rows`,
        "model-too-large",
      );
    }
  }

  /** Notes that the model needs all steps of a sequence at once. */
  needWholeSequence(reason: string): void {
    this.wholeSequence ??= reason;
  }

  get #cost(): LayerCost {
    return this.costs[this.costs.length - 1]!;
  }
}
