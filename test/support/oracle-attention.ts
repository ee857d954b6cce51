import type { LayerDescription } from "../../bindings/description.js";
import { activate } from "./oracle-activations.js";
import { type Matrix, times, type Vector, work } from "./oracle-algebra.js";
import { lmu } from "./oracle-lmu.js";
import type { Weights } from "./oracle-weights.js";

type Layer<T> = Extract<LayerDescription, { type: T }>;

const dot = (a: Vector, b: Vector): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

/** Σ weights[i] · rows[i]. */
const mixed = (weights: Vector, rows: Matrix): number[] =>
  rows[0]!.map((_, k) => rows.reduce((sum, row, i) => sum + weights[i]! * row[k]!, 0));

const transposed = (M: Matrix): number[][] => M[0]!.map((_, k) => M.map((row) => row[k]!));

/** Each row attends to those up to itself, head by head, with all scores of a row at hand. */
export function attention({ heads, scale }: Layer<"attention">, x: Matrix): Matrix {
  const width = (x[0]?.length ?? 0) / 3 / heads;
  const factor = scale ?? 1 / Math.sqrt(width);
  const part = (row: Vector, which: number, head: number) => {
    const first = (which * heads + head) * width;
    return row.slice(first, first + width);
  };
  return x.map((row, t) =>
    Array.from({ length: heads }, (_, head) => {
      const seen = x.slice(0, t + 1);
      const query = part(row, 0, head);
      const scores = seen.map((one) => dot(query, part(one, 1, head)) * factor);
      const values = seen.map((one) => part(one, 2, head));
      return mixed(activate("softmax", scores), values);
    }).flat(),
  );
}

/** M_t [order, channels]; Q = gelu(L_q M + b_q), K and V likewise; p softmax(Q Kᵀ / √channels) V. */
export function memoryAttention(
  { order, theta, discretizer }: Layer<"memory-attention">,
  x: Matrix,
  w: Weights,
): Matrix {
  const window = { ...(theta !== undefined && { theta }), ...(discretizer && { discretizer }) };
  const memories = lmu({ type: "lmu", order, ...window }, x, w);
  return memories.map((memory) => {
    const channels = memory.length / order;
    const M = Array.from({ length: channels }, (_, k) => memory.slice(k * order, (k + 1) * order));
    const [Q, K, V] = ["query", "key", "value"].map((reader) => {
      const [L, b] = [w.matrix(`${reader}.weight`), w.vector(`${reader}.bias`)];
      return transposed(M.map((m) => times(L, m).map((value, i) => value + b[i]!))).map((row) =>
        activate("gelu", row),
      );
    }) as unknown as [Matrix, Matrix, Matrix];
    const rank = Q.length;
    work.multiplyAdds += rank * rank * (channels + 1) + rank * channels;
    const rows = Q.map((query) => {
      const scores = K.map((key) => dot(query, key) / Math.sqrt(channels));
      return mixed(activate("softmax", scores), V);
    });
    return mixed(w.vector("mix"), rows);
  });
}
