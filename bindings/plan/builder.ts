import { checkBytes, pad4 } from "../facts/bytes.js";
import type { Capacity, Clock } from "../facts/clock.js";
import type { Hold } from "../legendre/residual.js";
import { computed, type Tensor } from "../tensor.js";
import { type Address, plus } from "./address.js";
import type { GapRule, PlacedGapRule } from "./gap-rule.js";
import type { Int8Matrix } from "./int8-matrix.js";
import type { Installed, PrefillReport, Remembered } from "./prefill.js";
import { type Fields, Program } from "./program.js";
import type { Rows } from "./rows.js";
import { type MatrixOptions, Weights } from "./weights.js";

/**
 * Appends records that advance a memory and read it, within one that can take many of their rows at once.
 *
 * @param add - appends them
 */
export type Planner = (b: Builder, clock: Clock, add: () => Remembered) => void;

/** Records that make rows of rows. */
type Unary =
  | ("activationLayer" | "embedding" | "globalPool" | "last" | "norm" | "positions")
  | ("reverse" | "scale");

/** Collects records, weights and buffers while nodes are lowered one after another. */
export class Builder {
  readonly weights = new Weights();
  readonly program: Program;
  readonly gapRules: PlacedGapRule<Address>[] = [];
  /** The Trial of segments, if there are any. */
  trial: Address | undefined;
  /** How memories take many rows at once, by the names of their layers. */
  readonly prefills = new Map<string, PrefillReport>();
  /** What is to be done when the weights are in memory. */
  readonly afterwards: ((memory: Installed) => void)[] = [];
  /** Of the node being lowered only the newest row is read. */
  isNewest = false;
  bufferBytes = 0;
  /** Of the record that needs most. */
  scratchBytes = 0;
  /** Of the product that rounds the largest rows. */
  roundedBytes = 0;
  /** Matrices by their tensors: what two layers multiply with is there once. */
  readonly #matrices = new Map<string | Tensor, Address>();

  /**
   * @param clocks - how many the model has
   * @param hold - how memories are discretized
   * @param planner - makes memories take many rows at once
   * @param Int8 - what matrices become that are multiplied in integers, if any are
   */
  constructor(
    clocks: number,
    readonly capacity: Capacity,
    readonly hold: Hold,
    readonly planner?: Planner,
    private readonly Int8?: typeof Int8Matrix,
  ) {
    this.program = new Program(clocks);
  }

  /** Rows for what a layer gives. */
  rows(clock: Clock, width: number): Rows {
    return { at: this.buffer(clock.capacity(this.capacity) * pad4(width)), width, clock };
  }

  /** Appends a record that makes rows of rows, and whose stride is that of the new ones; returns these. */
  append<K extends Unary>(
    kind: K,
    { at: input, clock: from }: Rows,
    clock: Clock,
    width: number,
    more: Omit<Fields<K>, "input" | "output" | "stride">,
  ): Rows {
    const output = this.rows(clock, width);
    const fields = { input, output: output.at, stride: pad4(width), ...more };
    this.program.record(kind, from, fields as Fields<K>);
    return output;
  }

  /** Appends a product, in place, of every feature with a factor of its own. */
  multiply({ at, width, clock }: Rows, factor: (feature: number) => number): void {
    const scale = this.weights.vector(computed([width], factor), width);
    const fields = { input: at, output: at, stride: pad4(width), scale, shift: 0 };
    this.program.record("scale", clock, fields);
  }

  /** Floats that live for one call. */
  buffer(floats: number): Address {
    const offset = this.bufferBytes;
    this.bufferBytes += pad4(floats) * 4;
    checkBytes(this.bufferBytes);
    return { region: "buffers", offset };
  }

  /** A place for the gaps of a memory, whose matrix stands at an address. */
  gap(rule: GapRule, weights: Address): Address {
    const gap = this.program.part("gap", { updates: 0 });
    this.gapRules.push({ ...rule, gap, weights });
    return gap;
  }

  /** Appends records that advance a memory and read it. */
  remember(clock: Clock, add: () => Remembered): void {
    if (this.planner) this.planner(this, clock, add);
    else add();
  }

  /** Several arrays of floats that live while one record runs: all records share the place. */
  scratch(...arrays: readonly number[]): Address[] {
    let end = 0;
    const places = arrays.map((floats) => {
      const place: Address = { region: "scratch", offset: end };
      end += pad4(floats) * 4;
      return place;
    });
    this.scratchBytes = Math.max(this.scratchBytes, end);
    checkBytes(this.scratchBytes);
    return places;
  }

  /** A matrix that a record multiplies with, of a tensor [outputs, inputs]; outputs are padded. */
  matrix(
    source: string | Tensor,
    outputs: number,
    inputs: number,
    options?: MatrixOptions,
  ): Address {
    const known = options ? undefined : this.#matrices.get(source);
    if (known) return known;
    const rows = pad4(outputs);
    const { Int8 } = this;
    // What is computed belongs to a memory.
    const isExact = options?.isExact || typeof source !== "string";
    const int8 = !isExact && Int8?.suits(rows, inputs) ? new Int8(rows, inputs) : undefined;
    const panels = this.weights.matrix(source, rows, inputs, options, int8);
    const scales = int8 && plus(panels, int8.scalesAt);
    const matrix = this.program.matrix(panels, rows, inputs, scales);
    this.roundedBytes = Math.max(this.roundedBytes, int8?.roundedBytes ?? 0);
    if (!options) this.#matrices.set(source, matrix);
    return matrix;
  }
}
