import type { ActivationDescription } from "../../bindings/activations.js";
import type { HiddenDescription } from "../../bindings/description.js";
import { activate } from "./oracle-activations.js";
import { add, type Matrix, times, type Vector } from "./oracle-algebra.js";
import type { Weights } from "./oracle-weights.js";

export function recur(
  cell: CellState,
  x: Matrix,
  readers: (row: Vector) => readonly (readonly [string, Vector])[],
): Matrix {
  return x.map((row) => cell.step(readers(row)));
}

/** A dense or recurrent cell with its state. */
export class CellState {
  h: number[] = [];
  #c: number[] = [];

  constructor(
    private readonly cell: HiddenDescription,
    private readonly w: Weights,
  ) {
    const roles = ["recurrent", "input", "memory"] as const;
    const role = roles.find((name) => w.has(name))!;
    const rows = w.matrix(role).length;
    const units = rows / { dense: 1, rnn: 1, lstm: 4, gru: 3 }[cell.type];
    this.#c = new Array<number>(units).fill(0);
    this.h = w.has("projection") ? w.matrix("projection").map(() => 0) : [...this.#c];
  }

  step(readers: readonly (readonly [string, Vector])[]): number[] {
    const { cell, w, h } = this;
    const units = this.#c.length;
    const gates = { dense: 1, rnn: 1, lstm: 4, gru: 3 }[cell.type];
    const zero = new Array<number>(gates * units).fill(0);
    const bias = w.has("bias") ? w.vector("bias") : zero;
    const a = readers.map(([role, x]) => w.product(role, x, zero.length)).reduce(add, bias);
    if (cell.type === "dense") this.h = activate(cell.activation, a);
    else if (cell.type === "rnn") {
      this.h = activate(cell.activation ?? "tanh", add(a, w.product("recurrent", h, zero.length)));
    } else if (cell.type === "lstm") {
      this.#lstm(
        add(a, w.product("recurrent", h, zero.length)),
        cell.activation,
        cell.gateActivation,
      );
    } else this.#gru(a, cell.activation, cell.gateActivation, cell.resetAfter ?? true);
    return this.h;
  }

  #lstm(
    a: Vector,
    activation: ActivationDescription = "tanh",
    gate: ActivationDescription = "sigmoid",
  ) {
    const n = this.#c.length;
    const part = (k: number) => a.slice(k * n, (k + 1) * n);
    const [i, f, o] = [0, 1, 3].map((k) => activate(gate, part(k))) as [
      number[],
      number[],
      number[],
    ];
    const g = activate(activation, part(2));
    this.#c = this.#c.map((c, k) => f[k]! * c + i[k]! * g[k]!);
    const h = activate(activation, this.#c).map((value, k) => o[k]! * value);
    this.h = this.w.has("projection") ? times(this.w.matrix("projection"), h) : h;
  }

  #gru(
    a: Vector,
    activation: ActivationDescription = "tanh",
    gate: ActivationDescription = "sigmoid",
    resetAfter: boolean,
  ) {
    const { h, w } = this;
    const n = h.length;
    const U = w.matrix("recurrent");
    const zr = add(a.slice(0, 2 * n), times(U.slice(0, 2 * n), h));
    const z = activate(gate, zr.slice(0, n));
    const r = activate(gate, zr.slice(n));
    const V = U.slice(2 * n);
    const inner = w.has("recurrent_bias")
      ? w.vector("recurrent_bias")
      : new Array<number>(n).fill(0);
    const recurrent = resetAfter
      ? add(times(V, h), inner).map((value, i) => r[i]! * value)
      : times(
          V,
          h.map((value, i) => r[i]! * value),
        );
    const candidate = activate(activation, add(a.slice(2 * n), recurrent));
    this.h = h.map((value, i) => z[i]! * value + (1 - z[i]!) * candidate[i]!);
  }
}
