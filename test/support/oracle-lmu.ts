import type { LmuDescription } from "../../bindings/description.js";
import { discretize } from "../../bindings/legendre.js";
import { activate } from "./oracle-activations.js";
import { add, type Matrix, times, type Vector, work } from "./oracle-algebra.js";
import { CellState } from "./oracle-cells.js";
import type { Weights } from "./oracle-weights.js";

/**
 * u_t = e(x_t, h_{t-1}, m_{t-1}); m_t = Ā m_{t-1} + B̄ u_t; h_t = f(x_t, m_t, h_{t-1}).
 *
 * @param gaps - the time between sample and sample, in steps, if it is not always one: Ā and B̄ are those of it
 */
export function lmu(
  layer: LmuDescription,
  x: Matrix,
  w: Weights,
  gaps?: readonly number[],
): Matrix {
  const { order } = layer;
  const step = systemOf(layer, w, 1);
  const encoder = w.under("encoder");
  const gate = w.under("gate");
  const channels = encoder.has("input") ? encoder.shape("input")[0]! : (x[0]?.length ?? 0);
  const cell = layer.hidden && new CellState(layer.hidden, w.under("hidden"));
  let m = new Array<number>(channels * order).fill(0);
  // B costs a column when the file gives it: that of theta's own matrices follows from A.
  if (w.has("B")) work.multiplyAdds += x.length * channels * order;
  return x.map((row, t) => {
    const { A, B } = gaps ? systemOf(layer, w, gaps[t]!) : step;
    const u = encoder.has("input")
      ? activate(layer.encoderActivation, encode(encoder, row, cell?.h, m, channels))
      : row;
    const g = gate.has("input")
      ? activate(layer.gateActivation, encode(gate, row, cell?.h, m, order))
      : new Array<number>(order).fill(1);
    m = Array.from({ length: channels }, (_, k) => {
      const old = m.slice(k * order, (k + 1) * order);
      const next = times(A, old).map((value, i) => value + g[i]! * B[i]! * u[k]!);
      return activate(layer.memoryActivation, next);
    }).flat();
    return cell
      ? cell.step([
          ["input", row],
          ["memory", m],
        ])
      : m;
  });
}

function systemOf({ order, theta, discretizer = "zoh" }: LmuDescription, w: Weights, dt: number) {
  if (w.has("D")) {
    const D = w.matrix("D");
    const A = D.map((row, i) => row.map((value, j) => value + (i === j ? 1 : 0)));
    return { A, B: w.vector("B") };
  }
  const { A, B } = discretize(order, Number(theta), { method: discretizer, dt });
  const rows = Array.from({ length: order }, (_, i) => [...A.subarray(i * order, (i + 1) * order)]);
  return { A: rows, B: [...B] };
}

function encode(w: Weights, x: Vector, h: Vector | undefined, m: Vector, size: number): number[] {
  const bias = w.has("bias") ? w.vector("bias") : new Array<number>(size).fill(0);
  const terms = [
    w.product("input", x, size),
    w.product("hidden", h, size),
    w.product("memory", m, size),
  ];
  return terms.reduce<number[]>(add, [...bias]);
}
