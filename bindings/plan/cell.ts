import type { HiddenDescription } from "../description.js";
import type { Address } from "./address.js";
import type { Builder } from "./builder.js";
import type { Clock } from "./clock.js";
import type { Node } from "./node.js";
import { pad4 } from "./panels.js";

/** Rows that a cell reads through weights of its own, `<prefix>.<role>`. */
export interface Reader {
  readonly role: "input" | "memory";
  readonly node: Node;
  /** Factor per column, if the node's features are in another basis than the weights expect. */
  readonly factors?: Float64Array;
}

/** Where each gate of the file goes: lstm keeps its three sigmoids together. */
const SLOTS = { dense: [0], rnn: [0], lstm: [0, 1, 3, 2], gru: [0, 1, 2] } as const;

/**
 * Plans a dense or recurrent cell in two moves, so that what does not depend on the previous step can be computed for
 * a whole chunk: `project` adds inputs to the gates, `advance` does the rest.
 */
export class Cell {
  readonly output: Node;
  /** The hidden state, for layers that feed it back. */
  readonly state: { readonly state: number; readonly width: number };
  readonly #units: number;
  /** Of the hidden state: units, unless a projection makes it narrower. */
  readonly #width: number;
  readonly #isProjected: boolean;
  readonly #gates: Node;
  readonly #activation: Address | 0;
  readonly #keepsState: boolean;
  #hasInputs = false;

  /** @param isFedBack - a dense cell then keeps its output as a state */
  constructor(
    private readonly b: Builder,
    private readonly prefix: string,
    private readonly cell: HiddenDescription,
    private readonly clock: Clock,
    isFedBack = false,
  ) {
    const slots = SLOTS[cell.type];
    this.#isProjected = cell.type === "lstm" && b.has(`${prefix}.projection`);
    [this.#units, this.#width] = this.#measure();
    const stride = pad4(this.#units);
    const at = b.buffer(clock, slots.length * stride);
    this.#gates = { at, width: slots.length * stride, clock };
    const isGated = cell.type === "lstm" || cell.type === "gru";
    this.output = { at: isGated ? b.buffer(clock, this.#width) : at, width: this.#width, clock };
    this.#activation = b.program.activation(
      prefix,
      cell.activation ?? (cell.type === "dense" ? "linear" : "tanh"),
    );
    this.#keepsState = cell.type !== "dense" || isFedBack;
    this.state = {
      state: this.#keepsState ? b.state("hidden", [this.#width]) : 0,
      width: this.#width,
    };
    b.gathers(this.#width);
  }

  /** Adds inputs to the gates, for all rows the record runs on. The last call of a dense cell also activates. */
  project(readers: readonly Reader[], isLast: boolean): void {
    const { b, prefix } = this;
    const slots = SLOTS[this.cell.type];
    const row = this.#row();
    const terms = readers.map(({ role, node, factors }) => {
      b.shape(`${prefix}.${role}`, slots.length * this.#units, node.width);
      b.multiplyAdds(slots.length * this.#units * node.width);
      const options = { row, factors };
      const weights = b.matrix(`${prefix}.${role}`, this.#gates.width, node.width, options);
      return { input: node, weights };
    });
    const bias = this.#hasInputs ? 0 : this.#bias(row);
    const activates = isLast && !this.#keepsState;
    b.program.dense(
      activates ? { ...this.#gates, width: this.#units } : this.#gates,
      bias,
      terms,
      activates ? this.#activation : 0,
    );
    this.#hasInputs = true;
  }

  /** Appends the recurrent part, which leaves the new hidden state in output and state. */
  advance(): void {
    if (!this.#keepsState) return;
    const { b, clock } = this;
    const stride = pad4(this.#units);
    const common = {
      stride,
      units: this.#units,
      state: this.state.state,
      activation: this.#activation,
    };
    const gateActivation = () =>
      b.program.activation(
        this.prefix,
        ("gateActivation" in this.cell && this.cell.gateActivation) || "sigmoid",
      );
    if (this.cell.type === "dense") {
      b.program.record("rnn", clock, { ...common, hidden: this.#gates.at, weights: 0 });
    } else if (this.cell.type === "rnn") {
      b.program.record("rnn", clock, {
        ...common,
        hidden: this.#gates.at,
        weights: this.#recurrent(0, stride),
      });
    } else if (this.cell.type === "lstm") {
      const weights = this.#recurrent(0, 4 * stride);
      const gates = this.#gates.at;
      const outputs = pad4(this.#width);
      b.program.record("lstm", clock, {
        ...common,
        gates,
        output: this.output.at,
        outputs,
        width: this.#width,
        weights,
        cell: b.state("cell", [this.#units]),
        projection: this.#isProjected ? this.#projection() : 0,
        zeros: this.#isProjected ? b.weights.vector(undefined, outputs) : 0,
        gateActivation: gateActivation(),
      });
    } else {
      b.program.record("gru", clock, {
        ...common,
        gates: this.#gates.at,
        output: this.output.at,
        weights: this.#recurrent(0, 2 * stride),
        candidateWeights: this.#recurrent(2 * stride, stride),
        candidateBias: this.#candidateBias(),
        scratch: b.scratch(b.capacity.streams * stride),
        gateActivation: gateActivation(),
      });
    }
  }

  /** Units, and the width of the hidden state. */
  #measure(): [units: number, width: number] {
    const { b, prefix, cell } = this;
    if (cell.type === "dense") {
      const role = b.has(`${prefix}.memory`) ? "memory" : "input";
      const [units] = b.shape(`${prefix}.${role}`, undefined, undefined);
      return [units, units];
    }
    const [rows, width] = b.shape(`${prefix}.recurrent`, undefined, undefined);
    const units = this.#isProjected ? b.shape(`${prefix}.projection`, width, undefined)[1] : width;
    b.shape(`${prefix}.recurrent`, SLOTS[cell.type].length * units, width);
    b.multiplyAdds(rows * width + (this.#isProjected ? width * units : 0));
    return [units, width];
  }

  #projection(): Address {
    return this.b.matrix(`${this.prefix}.projection`, this.#width, this.#units);
  }

  /** Row of the gates for a row of a tensor. */
  #row(): (row: number) => number {
    const slots = SLOTS[this.cell.type];
    const units = this.#units;
    const stride = pad4(units);
    return (row) => slots[Math.floor(row / units)]! * stride + (row % units);
  }

  #bias(row: (row: number) => number): Address {
    const { b, prefix } = this;
    const length = SLOTS[this.cell.type].length * this.#units;
    const name = b.has(`${prefix}.bias`) ? `${prefix}.bias` : undefined;
    if (name) b.shape(name, length);
    return b.weights.vector(name, this.#gates.width, row);
  }

  /** The recurrent weights of count gate rows from first on. */
  #recurrent(first: number, count: number): Address {
    const row = this.#row();
    return this.b.matrix(`${this.prefix}.recurrent`, count, this.#width, {
      row: (r) => (row(r) >= first && row(r) < first + count ? row(r) - first : -1),
    });
  }

  /** 0 when the reset gate acts before the product; then there is no such bias. */
  #candidateBias(): Address | 0 {
    const { b } = this;
    const name = `${this.prefix}.recurrent_bias`;
    if (this.cell.type === "gru" && this.cell.resetAfter === false) return 0;
    if (b.has(name)) b.shape(name, this.#units);
    return b.weights.vector(b.has(name) ? name : undefined, pad4(this.#units));
  }
}
