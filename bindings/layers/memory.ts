import { type ActivationDescription, encodeActivation } from "../activations.js";
import { cannotLoad } from "../errors.js";
import { pad4 } from "../facts/bytes.js";
import type { Clock } from "../facts/clock.js";
import type { Facts } from "../facts/facts.js";
import { basis, type Discretization, MAX_ORDER } from "../legendre/residual.js";
import type { Builder } from "../plan/builder.js";
import type { Node } from "../plan/node.js";
import type { Remembered } from "../plan/prefill.js";
import { type Rows, strideOf } from "../plan/rows.js";
import { Encoder, type FedBack } from "./encoder.js";
import { type Fields, integer, oneOf, positive } from "./fields.js";
import type { Named } from "./kind.js";
import { gapRuleOf } from "./memory-gap.js";
import { computedMatrix, givenMatrix } from "./memory-matrix.js";
import { warnOfMemory } from "./stability.js";

/**
 * Windows, in steps, beyond which a memory keeps what its floats are too coarse for. Largest error relative to a constant
 * input, order 16: without 1e-5 at 2,100, 8e-5 at 4,096, 2e-4 at 16,000, 2e-2 at 1e6; with it 2e-7 at any (order 64: 3e-7).
 */
const LONG_WINDOW = 2048;

/** What of an LMU's description is about its memory. */
export interface MemoryDescription {
  readonly order: number;
  /** Window in steps; "Infinity" stands for a frozen memory. Unused, and optional, when D and B are given. */
  readonly theta?: number;
  readonly discretizer?: Discretization;
  readonly encoderActivation?: ActivationDescription;
  readonly memoryActivation?: ActivationDescription;
  readonly gateActivation?: ActivationDescription;
}

/** The fields of a memory that follows from order and theta. */
export const MEMORY_FIELDS: Fields = {
  "order!": integer(1, MAX_ORDER),
  theta: (value, where) => (value === "Infinity" ? undefined : positive(value, where)),
  discretizer: oneOf("zoh", "euler", "bilinear"),
};

/** Where a memory computes: its input, its gates and itself. */
export interface MemoryRows {
  readonly input: Rows;
  readonly gate: Rows | undefined;
  /** The memory of every step, in the coordinates kept inside; undefined where what reads it reads the state. */
  readonly output: Rows | undefined;
}

/**
 * Encoder and memory of one Legendre memory unit.
 *
 * Inside, the memory is kept in normalised coordinates c, m = T c, where the update is a contraction; the diagonal T is
 * folded into every weight that reads the memory, so nobody outside sees c. Matrices given by the file are kept as given,
 * and a memory with an activation is kept as m, which the activation acts on.
 */
export class Memory {
  readonly feedback: { readonly hidden: boolean; readonly memory: boolean };
  readonly width: number;
  /** What a reader's columns must be multiplied with, one channel's; undefined when inside and outside agree. */
  readonly factors: Float64Array | undefined;
  readonly #encoder: Encoder | undefined;
  readonly #gate: Encoder | undefined;
  readonly #channels: number;
  readonly #clock: Clock;
  /** Where a state has the memory. */
  readonly state: number;
  /** State of what the memory's floats are too coarse for, if it is kept. */
  readonly #remainder: number;
  readonly #isExplicit: boolean;
  /** Neither gates nor an activation between a step and the next. */
  readonly #isPlain: boolean;

  constructor(
    private readonly layer: Named<MemoryDescription>,
    x: Node,
    f: Facts,
  ) {
    const { name, order, memoryActivation } = layer;
    const encoder = `${name}.encoder`;
    if (Encoder.isPresent(f, encoder) || layer.encoderActivation !== undefined) {
      this.#encoder = new Encoder(encoder, x, layer.encoderActivation, f);
    }
    if (Encoder.isPresent(f, `${name}.gate`)) {
      this.#gate = new Encoder(`${name}.gate`, x, layer.gateActivation, f);
    }
    const feeds = (role: "hidden" | "memory") =>
      [this.#encoder, this.#gate].some((part) => part?.feedback[role]);
    this.feedback = { hidden: feeds("hidden"), memory: feeds("memory") };
    this.#clock = x.clock;
    this.#channels = this.#encoder?.width ?? x.width;
    this.width = this.#channels * order;
    this.#isExplicit = f.has(`${name}.D`) || f.has(`${name}.B`);
    const isActivated = encodeActivation(name, memoryActivation).kind !== "identity";
    this.#isPlain = !isActivated && !this.#gate;
    if (!this.#isExplicit && !isActivated) this.factors = basis(order);
    this.state = f.state("memory", [this.#channels, order], { factors: this.factors });
    const isLong = this.#isPlain && Number(layer.theta ?? 0) > LONG_WINDOW;
    this.#remainder = isLong ? f.state("remainder", [this.#channels, order], { isFine: true }) : 0;
    this.#checkGate();
    this.#checkMatrices(f);
    f.multiplyAdds(this.width * (this.#isExplicit ? order + 1 : order));
    warnOfMemory(layer, this.#isExplicit, f);
  }

  /** Says what state of the hidden cell is fed back, if any. */
  connect(hidden: FedBack | undefined, f: Facts): void {
    const memory = { state: this.state, width: this.width, factors: this.factors };
    this.#encoder?.connect(hidden, memory, f);
    this.#gate?.connect(hidden, memory, f);
  }

  /** Appends everything that needs no previous step, for the whole chunk; the memory of every step goes to output. */
  encode(b: Builder, x: Rows, output?: Rows): MemoryRows {
    return {
      input: this.#encoder?.project(b, x) ?? x,
      gate: this.#gate?.project(b, x),
      output,
    };
  }

  /** Whether the next memory depends on the one before and on the input alone. */
  get isLinear(): boolean {
    return this.#isPlain && !this.feedback.hidden && !this.feedback.memory;
  }

  /**
   * Appends the recurrent part: adds fed-back terms to the inputs, then updates the memory.
   *
   * @returns what of it must be known to take many rows at once
   */
  advance(b: Builder, { input, gate, output }: MemoryRows): Omit<Remembered, "reader"> {
    this.#encoder?.feed(b, input);
    if (gate) this.#gate?.feed(b, gate);
    const { name, order, memoryActivation } = this.layer;
    const channels = this.#channels;
    const columns = this.#isExplicit && !gate ? order + 1 : order;
    const copies = b.capacity.streams * channels;
    const weights = this.#isExplicit
      ? givenMatrix(b, name, order, columns)
      : computedMatrix(b, this.layer, !this.factors);
    const scratch = [copies * pad4(columns), copies * pad4(order)];
    const [residual, updated] = b.scratch(...scratch);
    const rule = gapRuleOf(this.layer, this.#isExplicit, this.#isPlain);
    b.program.record("memory", this.#clock, {
      input: input.at,
      inputStride: strideOf(input),
      output: output ? output.at : 0,
      outputStride: strideOf(this),
      state: this.state,
      remainder: this.#remainder,
      channels,
      order,
      isExplicit: columns - order,
      weights,
      gap: b.gap(rule, weights),
      residual: residual!,
      residualStride: pad4(columns) * 4,
      updated: updated!,
      inPlace: Number(order % 4 === 0 && this.#isPlain && !this.#remainder),
      activation: b.program.activation(name, memoryActivation),
      gate: gate ? gate.at : 0,
      gateStride: gate ? strideOf(gate) : 0,
      drive: gate ? b.weights.vector(`${name}.B`, order) : 0,
    });
    const { theta } = this.layer;
    return {
      ...{ layer: name, clock: this.#clock, order, channels, weights, scratch },
      theta: theta === undefined ? undefined : Number(theta),
      matrix: rule.matrix && ((hold) => rule.matrix!(1, hold)),
    };
  }

  /** The output as users know it: LMU coordinates. */
  unfold(b: Builder, output: Rows): Rows {
    const { factors } = this;
    if (factors) b.multiply(output, (i) => factors[i % factors.length]!);
    return output;
  }

  #checkGate(): void {
    const { name, order } = this.layer;
    const gates = this.#gate?.width;
    if (gates === undefined) return;
    if (!this.#isExplicit || this.#channels !== 1 || gates !== order) {
      cannotLoad(
        `gated layer ${name} has ${gates} gates and ${this.#channels} channels, ` +
          `expected ${order} gates, 1 channel and the tensors D and B`,
      );
    }
  }

  /** The matrices of the file, or those of order and theta. */
  #checkMatrices(f: Facts): void {
    const { name, order, theta, discretizer } = this.layer;
    if (this.#isExplicit) {
      f.shape(`${name}.D`, order, order);
      f.shape(`${name}.B`, order);
    } else if (theta === undefined) {
      cannotLoad(`layer ${name} has no theta, expected a number`);
    } else if (!f.matrixWork.fits(order, Number(theta), discretizer)) {
      cannotLoad(
        `layer ${name} has order ${order} and theta ${theta}, expected all matrices to take no ` +
          "more work than eight of order 512 and theta 512",
        "model-too-large",
      );
    }
  }
}
