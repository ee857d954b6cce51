import type { Definitions } from "../activations.js";

/** Activations whose kernels are in lmu-full.wasm alone. */
export const FULL_ACTIVATIONS: Definitions = {
  exponential: {},
  elu: { defaults: { alpha: 1 }, encode: (p) => [p["alpha"]!, 1, 1] },
  selu: {
    kind: "elu",
    encode: () => [1.0507009873554805 * 1.6732632423543772, 1.0507009873554805, 1],
  },
  celu: { kind: "elu", defaults: { alpha: 1 }, encode: (p) => [p["alpha"]!, 1, 1 / p["alpha"]!] },
  softplus: {},
  softsign: {},
  silu: {},
  gelu: {},
  gelu_tanh: {},
  mish: {},
  log_sigmoid: {},
  tanh_shrink: {},
  sparse_plus: {},
  log_softmax: {},
  hard_silu: { encode: () => [1 / 6, 0.5, 0, 1] },
  squareplus: {
    defaults: { b: 4 },
    // The root of x² + b: of a negative number near zero.
    encode: (p) => [p["b"]! < 0 ? NaN : p["b"]!],
  },
  soft_shrink: {
    kind: "shrink",
    defaults: { threshold: 0.5 },
    encode: (p) => [p["threshold"]!, p["threshold"]!],
  },
  hard_shrink: {
    kind: "shrink",
    defaults: { threshold: 0.5 },
    encode: (p) => [p["threshold"]!, 0],
  },
  threshold: { defaults: { threshold: 0, value: 0 } },
};
