import type { Description, LayerDescription } from "../../bindings/description.js";
import { activate } from "./oracle-activations.js";
import { attention, memoryAttention } from "./oracle-attention.js";
import { add, type Matrix, times, type Vector, work } from "./oracle-algebra.js";
import { CellState, recur } from "./oracle-cells.js";
import { lmu } from "./oracle-lmu.js";
import { layerNorm } from "./oracle-norm.js";
import { segments } from "./oracle-segments.js";
import { type Values, Weights } from "./oracle-weights.js";

/*
 * The networks in float64 as the papers write them: no packing, no chunks, no SIMD, host Math. The judge of everything.
 * The walk over the layers and the layers without state; those with one are in oracle-lmu.ts and oracle-cells.ts.
 */

/** Sees the rows of every layer and what they cost; may replace them by others. */
export type Observer = (layer: LayerDescription, rows: Matrix, multiplyAdds: number) => Matrix;

/**
 * Runs a model over one sequence; gives the output rows (one, if the model returns its last output only).
 *
 * @param gaps - steps from sample to sample, if they are not all 1
 */
export function runOracle(
  { layers, output }: Description,
  tensors: ReadonlyMap<string, Values>,
  sequence: Matrix,
  observe: Observer = (_, rows) => rows,
  gaps?: readonly number[],
): Matrix {
  const nodes = new Map<string, Matrix>([["input", sequence]]);
  let previous = sequence;
  for (const layer of layers) {
    const inputs = layer.from?.map((name) => nodes.get(name)!) ?? [previous];
    work.multiplyAdds = 0;
    const rows = runLayer(layer, inputs, new Weights(tensors, layer.name), gaps);
    previous = observe(layer, rows, work.multiplyAdds);
    nodes.set(layer.name, previous);
  }
  return output === undefined ? previous : nodes.get(output)!;
}

function runLayer(
  layer: LayerDescription,
  inputs: readonly Matrix[],
  w: Weights,
  gaps: readonly number[] | undefined,
): Matrix {
  const [x] = inputs as [Matrix];
  switch (layer.type) {
    case "lmu":
      return lmu(layer, x, w, gaps);
    case "dense": {
      const W = (layer.tied === undefined ? w : w.beside(layer.tied)).matrix("weight");
      const b = w.has("bias") ? w.vector("bias") : undefined;
      return x.map((row) => activate(layer.activation, b ? add(times(W, row), b) : times(W, row)));
    }
    case "rnn":
    case "lstm":
    case "gru":
      return recur(new CellState(layer, w), x, (row) => [["input", row]]);
    case "activation":
      return x.map((row) => activate(layer.activation, row));
    case "scale": {
      const [scale, shift] = [w.vector("scale"), w.has("shift") ? w.vector("shift") : undefined];
      work.multiplyAdds += x.length * scale.length;
      return x.map((row) => row.map((value, i) => value * scale[i]! + (shift?.[i] ?? 0)));
    }
    case "layer-norm":
      return x.map((row) => layerNorm(row, layer.epsilon, w));
    case "embedding": {
      const table = w.matrix("weight");
      return x.map(([id]) => table[id!]!);
    }
    case "slice":
      return x.map((row) => row.slice(layer.start, layer.start + layer.width));
    case "last":
      return x.slice(-1);
    case "reverse":
      return [...x].reverse();
    case "flatten":
      return [x.flat()];
    case "global-pool":
      return x.length ? [pooled(layer.mode, x)] : [];
    case "pool": {
      const stride = layer.stride ?? layer.size;
      const rows = Math.floor((x.length - layer.size) / stride) + 1;
      return Array.from({ length: Math.max(0, rows) }, (_, j) =>
        pooled(layer.mode, x.slice(j * stride, j * stride + layer.size)),
      );
    }
    case "convolution":
      return convolution(layer, x, w);
    case "positions": {
      const table = w.matrix("weight");
      return x.map((row, t) => add(row, table[t]!));
    }
    case "attention":
      return attention(layer, x);
    case "memory-attention":
      return memoryAttention(layer, x, w);
    case "segments":
      return segments(layer, x, w);
    default: {
      const rows = Math.min(...inputs.map(({ length }) => length));
      return x.slice(0, rows).map((_, t) =>
        merged(
          layer.type,
          inputs.map((input) => input[t]!),
        ),
      );
    }
  }
}

function pooled(mode: "max" | "mean", rows: Matrix): number[] {
  return rows[0]!.map((_, i) => {
    const column = rows.map((row) => row[i]!);
    return mode === "max"
      ? Math.max(...column)
      : column.reduce((sum, value) => sum + value, 0) / column.length;
  });
}

function convolution(
  layer: Extract<LayerDescription, { type: "convolution" }>,
  x: Matrix,
  w: Weights,
): Matrix {
  const { stride = 1, dilation = 1, groups = 1, padding = [0, 0] } = layer;
  const W = w.matrix("weight"); // [outputs, taps · inputs / groups]
  const [, taps, inputs] = w.shape("weight") as [number, number, number];
  const zero = new Array<number>(inputs * groups).fill(0);
  const padded = [
    ...new Array<Vector>(padding[0]).fill(zero),
    ...x,
    ...new Array<Vector>(padding[1]).fill(zero),
  ];
  const span = (taps - 1) * dilation + 1;
  const rows = Math.floor((padded.length - span) / stride) + 1;
  const bias = w.has("bias") ? w.vector("bias") : W.map(() => 0);
  return Array.from({ length: Math.max(0, rows) }, (_, j) =>
    activate(
      layer.activation,
      W.map((weights, output) => {
        const first = Math.floor((output * groups) / W.length) * inputs;
        work.multiplyAdds += weights.length;
        return weights.reduce((sum, weight, k) => {
          const row = padded[j * stride + Math.floor(k / inputs) * dilation]!;
          return sum + weight * row[first + (k % inputs)]!;
        }, bias[output]!);
      }),
    ),
  );
}

function merged(type: string, rows: Matrix): number[] {
  if (type === "concatenate") return rows.flat();
  const combine: Record<string, (a: number, b: number) => number> = {
    add: (a, b) => a + b,
    mean: (a, b) => a + b,
    subtract: (a, b) => a - b,
    multiply: (a, b) => a * b,
    maximum: Math.max,
    minimum: Math.min,
  };
  work.multiplyAdds += (rows.length - 1) * rows[0]!.length;
  const sum = rows.reduce((a, b) => a.map((value, i) => combine[type]!(value, b[i]!)));
  return type === "mean" ? sum.map((value) => value / rows.length) : [...sum];
}
