import type { ActivationDescription } from "../../bindings/activations.js";
import type {
  Description,
  HiddenDescription,
  LayerDescription,
  LmuDescription,
} from "../../bindings/description.js";
import { discretize } from "../../bindings/legendre.js";

/*
 * The networks in float64 as the papers write them: no packing, no chunks, no SIMD, host Math. The judge of everything.
 * A matrix is a list of rows; a sequence is a list of vectors.
 */

type Vector = readonly number[];
type Matrix = readonly Vector[];

/** A stored tensor, as the oracle reads it. */
export interface Values {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

const add = (a: Vector, b: Vector): number[] => a.map((value, i) => value + b[i]!);
/** Multiply-adds since the layer at hand began, by the rule of the report. */
let work = 0;
const times = (A: Matrix, x: Vector): number[] => {
  work += A.length * x.length;
  return A.map((row) => dot(row, x));
};
/** A loop: most of the oracle's time is spent here, and reduce() takes some five times as long. */
function dot(a: Vector, b: Vector): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Sees the rows of every layer and what they cost; may replace them by others. */
export type Observer = (layer: LayerDescription, rows: Matrix, multiplyAdds: number) => Matrix;

/** Runs a model over one sequence; gives the output rows (one, if the model returns its last output only). */
export function runOracle(
  { layers, output }: Description,
  tensors: ReadonlyMap<string, Values>,
  sequence: Matrix,
  observe: Observer = (_, rows) => rows,
): Matrix {
  const nodes = new Map<string, Matrix>([["input", sequence]]);
  let previous = sequence;
  for (const layer of layers) {
    const inputs = layer.from?.map((name) => nodes.get(name)!) ?? [previous];
    work = 0;
    const rows = runLayer(layer, inputs, new Weights(tensors, layer.name));
    previous = observe(layer, rows, work);
    nodes.set(layer.name, previous);
  }
  return output === undefined ? previous : nodes.get(output)!;
}

class Weights {
  readonly #vectors = new Map<string, Vector>();
  readonly #matrices = new Map<string, Matrix>();

  constructor(
    private readonly tensors: ReadonlyMap<string, Values>,
    private readonly prefix: string,
  ) {}

  under(prefix: string): Weights {
    return new Weights(this.tensors, `${this.prefix}.${prefix}`);
  }

  shape(role: string): readonly number[] {
    return this.tensors.get(`${this.prefix}.${role}`)!.shape;
  }

  has(role: string): boolean {
    return this.tensors.has(`${this.prefix}.${role}`);
  }

  vector(role: string): Vector {
    const known = this.#vectors.get(role);
    if (known) return known;
    const vector = Array.from(this.tensors.get(`${this.prefix}.${role}`)!.values);
    this.#vectors.set(role, vector);
    return vector;
  }

  matrix(role: string): Matrix {
    const known = this.#matrices.get(role);
    if (known) return known;
    const { shape, values } = this.tensors.get(`${this.prefix}.${role}`)!;
    const columns = shape.slice(1).reduce((product, size) => product * size, 1);
    const matrix = Array.from({ length: shape[0]! }, (_, row) =>
      Array.from({ length: columns }, (_, column) => values[row * columns + column]!),
    );
    this.#matrices.set(role, matrix);
    return matrix;
  }

  /** W x, or zeros when there is no such tensor. */
  product(role: string, x: Vector | undefined, size: number): number[] {
    return x && this.has(role) ? times(this.matrix(role), x) : new Array<number>(size).fill(0);
  }
}

function runLayer(layer: LayerDescription, inputs: readonly Matrix[], w: Weights): Matrix {
  const [x] = inputs as [Matrix];
  switch (layer.type) {
    case "lmu":
      return lmu(layer, x, w);
    case "dense": {
      const [W, b] = [w.matrix("weight"), w.has("bias") ? w.vector("bias") : undefined];
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
      work += x.length * scale.length;
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

/** u_t = e(x_t, h_{t-1}, m_{t-1}); m_t = Ā m_{t-1} + B̄ u_t; h_t = f(x_t, m_t, h_{t-1}). */
function lmu(layer: LmuDescription, x: Matrix, w: Weights): Matrix {
  const { order } = layer;
  const { A, B } = systemOf(layer, w);
  const encoder = w.under("encoder");
  const gate = w.under("gate");
  const channels = encoder.has("input") ? encoder.shape("input")[0]! : (x[0]?.length ?? 0);
  const cell = layer.hidden && new CellState(layer.hidden, w.under("hidden"));
  let m = new Array<number>(channels * order).fill(0);
  // B costs a column when the file gives it: that of theta's own matrices follows from A.
  if (w.has("B")) work += x.length * channels * order;
  return x.map((row) => {
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

function systemOf({ order, theta, discretizer = "zoh" }: LmuDescription, w: Weights) {
  if (w.has("D")) {
    const D = w.matrix("D");
    const A = D.map((row, i) => row.map((value, j) => value + (i === j ? 1 : 0)));
    return { A, B: w.vector("B") };
  }
  const { A, B } = discretize(order, Number(theta), { method: discretizer });
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

function recur(
  cell: CellState,
  x: Matrix,
  readers: (row: Vector) => readonly (readonly [string, Vector])[],
): Matrix {
  return x.map((row) => cell.step(readers(row)));
}

/** A dense or recurrent cell with its state. */
class CellState {
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

function layerNorm(row: Vector, epsilon: number, w: Weights): number[] {
  work += 3 * row.length;
  const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
  const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
  const [scale, shift] = [
    w.has("scale") ? w.vector("scale") : undefined,
    w.has("shift") ? w.vector("shift") : undefined,
  ];
  return row.map(
    (value, i) =>
      ((value - mean) / Math.sqrt(variance + epsilon)) * (scale?.[i] ?? 1) + (shift?.[i] ?? 0),
  );
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
        work += weights.length;
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
  work += (rows.length - 1) * rows[0]!.length;
  const sum = rows.reduce((a, b) => a.map((value, i) => combine[type]!(value, b[i]!)));
  return type === "mean" ? sum.map((value) => value / rows.length) : [...sum];
}

/** ln(1 + e^x) without overflow. */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** erf by its series and, beyond 3, its continued fraction: 1e-15. */
export function erf(x: number): number {
  const z = Math.abs(x);
  if (z > 6) return Math.sign(x);
  if (z < 3) {
    let [sum, term] = [z, z];
    for (let n = 1; n < 100; n++) {
      term *= (-z * z) / n;
      const before = sum;
      sum += term / (2 * n + 1);
      // Terms rise until n = z², then fall: the rest is below the rounding.
      if (sum === before) break;
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  return Math.sign(x) * (1 - erfc(z));
}

/** 1 - erf(x) for x >= 3, to full relative precision. */
export function erfc(x: number): number {
  let fraction = 0;
  for (let k = 120; k > 0; k--) fraction = k / 2 / (x + fraction);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
}

type Scalar = (x: number, p: Readonly<Record<string, number>>) => number;

const SCALARS: Readonly<Record<string, Scalar>> = {
  linear: (x) => x,
  tanh: (x) => Math.tanh(x),
  sigmoid,
  relu: (x) => Math.max(x, 0),
  relu6: (x) => Math.min(Math.max(x, 0), 6),
  leaky_relu: (x, { slope = 0.2, threshold = 0, limit = Infinity }) =>
    x < threshold ? slope * (x - threshold) : Math.min(x, limit),
  elu: (x, { alpha = 1 }) => (x < 0 ? alpha * Math.expm1(x) : x),
  selu: (x) => 1.0507009873554805 * (x < 0 ? 1.6732632423543772 * Math.expm1(x) : x),
  celu: (x, { alpha = 1 }) => (x < 0 ? alpha * Math.expm1(x / alpha) : x),
  gelu: (x) => (x < -4 ? (x / 2) * erfc(-x / Math.SQRT2) : (x / 2) * (1 + erf(x / Math.SQRT2))),
  gelu_tanh: (x) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  silu: (x) => x * sigmoid(x),
  softplus,
  softsign: (x) => x / (1 + Math.abs(x)),
  exponential: (x) => Math.exp(x),
  mish: (x) => x * Math.tanh(softplus(x)),
  log_sigmoid: (x) => -softplus(-x),
  tanh_shrink: (x) => x - Math.tanh(x),
  hard_sigmoid: (x, { slope = 1 / 6 }) => Math.min(Math.max(slope * x + 0.5, 0), 1),
  sparse_sigmoid: (x) => Math.min(Math.max(0.5 * x + 0.5, 0), 1),
  hard_tanh: (x, { low = -1, high = 1 }) => Math.min(Math.max(x, low), high),
  hard_silu: (x) => x * Math.min(Math.max(x / 6 + 0.5, 0), 1),
  squareplus: (x, { b = 4 }) => (x + Math.sqrt(x * x + b)) / 2,
  sparse_plus: (x) => (x <= -1 ? 0 : x < 1 ? (x + 1) ** 2 / 4 : x),
  soft_shrink: (x, { threshold = 0.5 }) => Math.sign(x) * Math.max(Math.abs(x) - threshold, 0),
  hard_shrink: (x, { threshold = 0.5 }) => (Math.abs(x) > threshold ? x : 0),
  threshold: (x, { threshold = 0, value = 0 }) => (x > threshold ? x : value),
};

/** Applies an activation to a row. */
export function activate(activation: ActivationDescription | undefined, row: Vector): number[] {
  const { type, ...parameters } =
    typeof activation === "object" ? activation : { type: activation ?? "linear" };
  if (type === "softmax" || type === "log_softmax") {
    const top = Math.max(...row);
    const total = row.reduce((sum, x) => sum + Math.exp(x - top), 0);
    return row.map((x) =>
      type === "softmax" ? Math.exp(x - top) / total : x - top - Math.log(total),
    );
  }
  const scalar = SCALARS[type]!;
  return row.map((x) => scalar(x, parameters as Record<string, number>));
}
