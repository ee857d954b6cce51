import type { ActivationDescription } from "../activations.js";
import { pad4 } from "../facts/bytes.js";
import type { Clock } from "../facts/clock.js";
import type { Facts } from "../facts/facts.js";
import type { Address } from "../plan/address.js";
import type { Builder } from "../plan/builder.js";
import type { Reading } from "../plan/prefill.js";
import type { Rows } from "../plan/rows.js";

/** Rows that a cell reads through weights of its own, `<prefix>.<role>`. */
export interface Reader {
  readonly role: "input" | "memory";
  readonly width: number;
  /** Factor per column, if the features are in another basis than the weights expect. */
  readonly factors?: Float64Array | undefined;
}

/** What a cell is, whoever describes it. */
export interface CellDescription {
  readonly type: "dense" | "rnn" | "lstm" | "gru";
  readonly activation?: ActivationDescription;
  readonly gateActivation?: ActivationDescription;
  readonly resetAfter?: boolean;
}

/** Where a cell computes. */
interface CellRows {
  readonly gates: Rows;
  readonly output: Rows;
}

/** What readers read, by their roles. */
type Read = { readonly [role in Reader["role"]]?: Rows };

/** A record that reads rows: how the last of them are multiplied, and what that makes. */
type Projection = Extract<Reading, { outputs: number }>;

/** A cell with rows of its own. */
export interface LoweredCell {
  readonly output: Rows;
  /**
   * Adds what readers read to the gates. The first of them brings the bias, the last activates a dense cell.
   *
   * @returns the record of that
   */
  project(read: Read): Projection | undefined;
  /** Appends the recurrent part, which leaves the new hidden state in output and state. */
  advance(): void;
}

/** Where each gate of the file goes: lstm keeps its three sigmoids together. */
const SLOTS = { dense: [0], rnn: [0], lstm: [0, 1, 3, 2], gru: [0, 1, 2] } as const;

/**
 * A dense or recurrent cell, whose records come in two moves, so that what does not depend on the previous step can be
 * computed for a whole chunk: `project` adds inputs to the gates, `advance` does the rest.
 */
export class Cell {
  /** Of the hidden state: units, unless a projection makes it narrower. */
  readonly width: number;
  /** The hidden state, for layers that feed it back. */
  readonly state: { readonly state: number; readonly width: number };
  readonly #readers: readonly Reader[];
  readonly #units: number;
  readonly #isProjected: boolean;
  readonly #keepsState: boolean;
  /** State of an LSTM besides the hidden one. */
  readonly #cell: number;
  readonly #bias: string | undefined;
  readonly #candidateBias: string | undefined;

  /** @param isFedBack - a dense cell then keeps its output as a state */
  constructor(
    f: Facts,
    private readonly prefix: string,
    private readonly cell: CellDescription,
    readers: readonly Reader[],
    isFedBack = false,
  ) {
    const { type } = cell;
    const gates = SLOTS[type].length;
    this.#readers = readers;
    this.#isProjected = type === "lstm" && f.has(`${prefix}.projection`);
    [this.#units, this.width] = this.#measure(f);
    for (const { role, width } of readers) {
      f.shape(`${prefix}.${role}`, gates * this.#units, width);
      f.multiplyAdds(gates * this.#units * width);
    }
    this.#bias = f.optional(`${prefix}.bias`, gates * this.#units);
    if (type === "gru" && cell.resetAfter !== false) {
      this.#candidateBias = f.optional(`${prefix}.recurrent_bias`, this.#units);
    }
    this.#keepsState = type !== "dense" || isFedBack;
    const { width } = this;
    this.state = { state: this.#keepsState ? f.state("hidden", [width]) : 0, width };
    this.#cell = type === "lstm" ? f.state("cell", [this.#units]) : 0;
  }

  /** Whether its output depends on the step before. */
  get isRecurrent(): boolean {
    return this.#keepsState;
  }

  lower(b: Builder, clock: Clock): LoweredCell {
    const { type } = this.cell;
    const gates = b.rows(clock, SLOTS[type].length * pad4(this.#units));
    const isGated = type === "lstm" || type === "gru";
    const output = isGated ? b.rows(clock, this.width) : { ...gates, width: this.width };
    const rows = { gates, output };
    return {
      output,
      project: (read) => this.#project(b, rows, read),
      advance: () => this.#advance(b, rows),
    };
  }

  #project(b: Builder, { gates, output }: CellRows, read: Read): Projection | undefined {
    const row = this.#row();
    const readers = this.#readers.filter(({ role }) => read[role]);
    if (!readers.length) return undefined;
    const terms = readers.map(({ role, factors }) => {
      const input = read[role]!;
      // Prefill reads it as floats.
      const options = { row, factors, isExact: b.planner !== undefined && role === "memory" };
      const weights = b.matrix(`${this.prefix}.${role}`, gates.width, input.width, options);
      return { input, weights };
    });
    const isFirst = readers[0] === this.#readers[0];
    const activates = readers.at(-1) === this.#readers.at(-1) && !this.#keepsState;
    const bias = isFirst ? b.weights.vector(this.#bias, gates.width, row) : undefined;
    const activation = activates ? this.#activation(b) : 0;
    b.program.dense(activates ? output : gates, bias ?? 0, terms, activation);
    const { weights } = terms.at(-1)!;
    return { by: "dense", weights, outputs: pad4(gates.width), bias };
  }

  #advance(b: Builder, { gates, output }: CellRows): void {
    if (!this.#keepsState) return;
    const { prefix, width } = this;
    const { type, resetAfter, gateActivation = "sigmoid" } = this.cell;
    const units = this.#units;
    const stride = pad4(units);
    const weights = (first: number, count: number) => this.#recurrent(b, first, count);
    const common = { stride, units, state: this.state.state, activation: this.#activation(b) };
    const gated = () => ({
      ...common,
      gates: gates.at,
      output: output.at,
      gateActivation: b.program.activation(prefix, gateActivation),
    });
    if (type === "lstm") {
      const outputs = pad4(width);
      const isProjected = this.#isProjected;
      b.program.record(type, gates.clock, {
        ...gated(),
        outputs,
        width,
        weights: weights(0, 4 * stride),
        cell: this.#cell,
        projection: isProjected ? b.matrix(`${prefix}.projection`, width, units) : 0,
        zeros: isProjected ? b.weights.vector(undefined, outputs) : 0,
      });
    } else if (type === "gru") {
      b.program.record(type, gates.clock, {
        ...gated(),
        weights: weights(0, 2 * stride),
        candidateWeights: weights(2 * stride, stride),
        // Without it the reset gate acts before the product.
        candidateBias: resetAfter === false ? 0 : b.weights.vector(this.#candidateBias, stride),
        scratch: b.buffer(b.capacity.streams * stride),
      });
    } else {
      b.program.record("rnn", gates.clock, {
        ...common,
        hidden: gates.at,
        weights: type === "rnn" ? weights(0, stride) : 0,
      });
    }
  }

  #activation(b: Builder): Address | 0 {
    const { type, activation = type === "dense" ? "linear" : "tanh" } = this.cell;
    return b.program.activation(this.prefix, activation);
  }

  /** Units, and the width of the hidden state. */
  #measure(f: Facts): [units: number, width: number] {
    const { prefix, cell } = this;
    if (cell.type === "dense") {
      const role = f.has(`${prefix}.memory`) ? "memory" : "input";
      const [units] = f.shape(`${prefix}.${role}`, undefined, undefined);
      return [units, units];
    }
    const [rows, width] = f.shape(`${prefix}.recurrent`, undefined, undefined);
    const units = this.#isProjected ? f.shape(`${prefix}.projection`, width, undefined)[1] : width;
    f.shape(`${prefix}.recurrent`, SLOTS[cell.type].length * units, width);
    f.multiplyAdds(rows * width + (this.#isProjected ? width * units : 0));
    return [units, width];
  }

  /** Row of the gates for a row of a tensor. */
  #row(): (row: number) => number {
    const slots = SLOTS[this.cell.type];
    const units = this.#units;
    const stride = pad4(units);
    return (row) => slots[Math.floor(row / units)]! * stride + (row % units);
  }

  /** The recurrent weights of count gate rows from first on. */
  #recurrent(b: Builder, first: number, count: number): Address {
    const row = this.#row();
    return b.matrix(`${this.prefix}.recurrent`, count, this.width, {
      row: (r) => (row(r) >= first && row(r) < first + count ? row(r) - first : -1),
    });
  }
}
