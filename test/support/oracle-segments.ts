import type { LayerDescription } from "../../bindings/description.js";
import { activate } from "./oracle-activations.js";
import { add, type Matrix, times, type Vector, work } from "./oracle-algebra.js";
import { layerNorm } from "./oracle-norm.js";
import type { Weights } from "./oracle-weights.js";

type Segments = Extract<LayerDescription, { type: "segments" }>;

/** Whether a row sees another, by their indices. */
type Mask = (i: number, j: number) => boolean;

/** Segment by segment: the rows of the memory in front of all tokens, through masks and tables as the reference has them. */
export function segments(layer: Segments, x: Matrix, w: Weights): Matrix {
  const { length } = layer;
  let memory = w.matrix("memory");
  let past: Matrix = [];
  const rows: Vector[] = [];
  for (let first = 0; first < x.length; first += length) {
    if (first > 0) memory = encoder(layer, memory, past, w);
    past = predictor(layer, memory, x.slice(first, first + length), w);
    rows.push(...past);
  }
  // What a whole segment costs, shared out among its tokens.
  const whole = Array.from({ length }, () => x[0]!);
  work.multiplyAdds = 0;
  encoder(layer, memory, predictor(layer, memory, whole, w), w);
  work.multiplyAdds *= x.length / length;
  return rows;
}

function predictor(layer: Segments, memory: Matrix, tokens: Matrix, w: Weights): Matrix {
  const { length: count } = memory;
  const mask: Mask = (i, j) => j < count || (i >= count && j <= i);
  let x: Matrix = [...memory, ...tokens];
  for (let block = 0; block < layer.depth; block++) {
    const own = w.under(`predictor.${block}`);
    const read = normed(x, own.under("norm")).map((row) => times(own.matrix("read.weight"), row));
    const [q, k, v] = [0, 1, 2].map((part) => partOf(read, 3, part)) as [Matrix, Matrix, Matrix];
    const seen = attend(layer, q, k, v, mask, w.vector("slopes"));
    // Nobody reads what the last block makes of the memory.
    const first = block === layer.depth - 1 ? count : 0;
    x = rest(x.slice(first), seen.slice(first), own);
  }
  return x;
}

function encoder(layer: Segments, memory: Matrix, past: Matrix, w: Weights): Matrix {
  let x = memory;
  for (let block = 0; block < layer.encoderDepth; block++) {
    const own = w.under(`encoder.${block}`);
    const q = normed(x, own.under("norm")).map((row) => times(own.matrix("query.weight"), row));
    const read = past.map((row) => times(own.matrix("read.weight"), row));
    const [k, v] = [0, 1].map((part) => partOf(read, 2, part)) as [Matrix, Matrix];
    x = rest(
      x,
      attend(layer, q, k, v, () => true, w.vector("slopes")),
      own,
    );
  }
  return x;
}

function attend(
  { heads }: Segments,
  q: Matrix,
  k: Matrix,
  v: Matrix,
  mask: Mask,
  slopes: Vector,
): Matrix {
  const width = q[0]!.length / heads;
  const part = (row: Vector, head: number) => row.slice(head * width, (head + 1) * width);
  return q.map((query, i) =>
    slopes.flatMap((slope, head) => {
      const scores = k.map((key, j) => {
        if (!mask(i, j)) return -Infinity;
        const parts = [part(query, head), part(key, head)] as const;
        const dot = parts[0].reduce((sum, value, n) => sum + value * parts[1][n]!, 0);
        return dot / Math.sqrt(width) - slope * Math.abs(i - j);
      });
      const weights = activate("softmax", scores);
      const values = v.map((row) => part(row, head));
      return values[0]!.map((_, n) =>
        values.reduce((sum, row, j) => sum + weights[j]! * row[n]!, 0),
      );
    }),
  );
}

function rest(x: Matrix, seen: Matrix, w: Weights): Matrix {
  const y = x.map((row, i) => add(row, times(w.matrix("out.weight"), seen[i]!)));
  const wide = normed(y, w.under("ffn.norm")).map((row) =>
    activate("gelu", add(times(w.matrix("up.weight"), row), w.vector("up.bias"))),
  );
  return y.map((row, i) =>
    add(row, add(times(w.matrix("down.weight"), wide[i]!), w.vector("down.bias"))),
  );
}

const normed = (x: Matrix, w: Weights): Matrix => x.map((row) => layerNorm(row, 1e-5, w));

/** An equal part of every row. */
const partOf = (rows: Matrix, parts: number, part: number): Matrix =>
  rows.map((row) => row.slice((row.length / parts) * part, (row.length / parts) * (part + 1)));
