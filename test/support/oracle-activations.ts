import type { ActivationDescription } from "../../bindings/activations.js";
import type { Vector } from "./oracle-algebra.js";

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

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
