import { describe, expect, test } from "vitest";
import type { FullExports } from "../bindings/runtime/exports.js";
import { Arena } from "./support/kernel.js";
import { activate, erf, erfc } from "./support/oracle-activations.js";
import { sweep, ulp } from "./support/ulp.js";

type Unary = {
  [K in keyof FullExports]: FullExports[K] extends (at: number, count: number) => void ? K : never;
}[keyof FullExports];

/** Runs a kernel in place over a copy of the inputs. */
function run(name: Unary, x: Float32Array, parameters: readonly number[] = []): Float32Array {
  const arena = new Arena();
  const at = arena.copy(x);
  const kernel = arena.kernel[name] as (at: number, count: number, parameters: number) => void;
  kernel(at, x.length, arena.copy([...parameters, 0, 0, 0, 0]));
  return arena.view(at, x.length).slice();
}

/** Every how-many-th float is tried: half a million of each sign, in CI two. Primes, so that all mantissas have a turn. */
const STRIDE = process.env["CI"] ? 1021 : 4093;

/** From here on a number rounds to infinity in f32. */
const OVERFLOW = 3.4028235677973366e38;

const sigmoid = (x: number) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const phi = (x: number) => (x < -4 ? erfc(-x / Math.SQRT2) / 2 : (1 + erf(x / Math.SQRT2)) / 2);

interface Bound {
  readonly name: Unary;
  readonly exact: (x: number) => number;
  /** Largest error in ulp of the exact result. */
  readonly ulps?: number;
  /** The ulp bound holds for results of at least this size. */
  readonly above?: number;
  /** Largest error relative to max(1, |x|). */
  readonly scaled?: number;
}

/** The bounds written at the functions of assembly/simd/lanes.ts and assembly/kernels/activation.ts and full-activation.ts. */
const BOUNDS: readonly Bound[] = [
  { name: "exponential", exact: Math.exp, ulps: 1 },
  { name: "tanh", exact: Math.tanh, ulps: 1.4 },
  { name: "sigmoid", exact: sigmoid, ulps: 2.5 },
  { name: "softplus", exact: softplus, ulps: 2.5 },
  { name: "logSigmoid", exact: (x) => -softplus(-x), ulps: 2.5 },
  { name: "silu", exact: (x) => x * sigmoid(x), ulps: 3.5, above: 1e-30 },
  { name: "gelu", exact: (x) => x * phi(x), ulps: 9, above: 1e-30, scaled: 1.2e-7 },
  {
    name: "geluTanh",
    exact: (x) => x * sigmoid(1.5957691216057308 * (x + 0.044715 * x ** 3)),
    scaled: 2.5e-7,
  },
  { name: "mish", exact: (x) => x * Math.tanh(softplus(x)), ulps: 8, above: 1e-30 },
  { name: "tanhShrink", exact: (x) => x - Math.tanh(x), scaled: 1.5e-7 },
];

/** Error of y as a share of the bound; Infinity for a NaN, and where an infinity is due and y is not it. */
function shareOf({ exact, ulps, above = 0, scaled }: Bound, x: number, y: number): number {
  const wanted = exact(x);
  // An infinity times 0, which no bound covers.
  if (Number.isNaN(wanted)) return 0;
  if (Math.abs(wanted) >= OVERFLOW) return y === Math.sign(wanted) * Infinity ? 0 : Infinity;
  if (Number.isNaN(y)) return Infinity;
  const error = Math.abs(y - wanted);
  return Math.max(
    ulps && Math.abs(wanted) >= above ? error / ulp(wanted) / ulps : 0,
    scaled ? error / Math.max(1, Math.abs(x)) / scaled : 0,
  );
}

describe("transcendental activations", () => {
  const x = sweep(STRIDE);

  test.each(BOUNDS)("$name stays within its bound over all magnitudes", (bound) => {
    const y = run(bound.name, x);
    let worst = { error: 0, at: 0 };
    for (let i = 0; i < x.length; i++) {
      const share = shareOf(bound, x[i]!, y[i]!);
      if (share > worst.error) worst = { error: share, at: x[i]! };
    }
    expect(worst.error, `share of the bound at x = ${worst.at}`).toBeLessThanOrEqual(1);
  });

  test.each([
    ["exponential", [1, 1, Infinity, 0]],
    ["tanh", [0, -0, 1, -1]],
    ["sigmoid", [0.5, 0.5, 1, 0]],
    ["softplus", [Math.fround(Math.LN2), Math.fround(Math.LN2), Infinity, 0]],
    ["gelu", [0, -0, Infinity]],
    ["silu", [0, -0, Infinity]],
    ["relu", [0, 0, Infinity, 0]],
    ["softsign", [0, -0]],
  ] as const)("%s is exact at 0, -0, infinity and -infinity and passes NaN", (name, expected) => {
    const y = run(name, Float32Array.of(0, -0, Infinity, -Infinity, NaN, NaN, NaN, NaN));
    expect([...y.subarray(0, expected.length)]).toEqual([...expected]);
    expect([...y.subarray(4)]).toEqual([NaN, NaN, NaN, NaN]);
  });
});

describe("piecewise activations", () => {
  const x = Float32Array.from({ length: 400 }, (_, i) => (i - 200) / 25);

  test.each([
    ["elu", [1, 1, 1], "elu"],
    ["elu", [1.0507009873554805 * 1.6732632423543772, 1.0507009873554805, 1], "selu"],
    ["elu", [0.7, 1, 1 / 0.7], { type: "celu", alpha: 0.7 }],
    ["reluGeneral", [0, 0, 6], "relu6"],
    ["reluGeneral", [0.3, 0.5, 2], { type: "leaky_relu", slope: 0.3, threshold: 0.5, limit: 2 }],
    ["clamp", [1 / 6, 0.5, 0, 1], "hard_sigmoid"],
    ["clamp", [1, 0, -1, 1], "hard_tanh"],
    ["hardSilu", [1 / 6, 0.5, 0, 1], "hard_silu"],
    ["softsign", [], "softsign"],
    ["squareplus", [4], "squareplus"],
    ["sparsePlus", [], "sparse_plus"],
    ["shrink", [0.5, 0.5], "soft_shrink"],
    ["shrink", [0.5, 0], "hard_shrink"],
    ["threshold", [0.41, -2], { type: "threshold", threshold: 0.41, value: -2 }],
  ] as const)("%s with %j is %j", (name, parameters, activation) => {
    const y = run(name as Unary, x, parameters);
    const exact = activate(activation, [...x]);
    y.forEach((value, i) => {
      const error = Math.abs(value - exact[i]!);
      expect(error, `at ${x[i]}`).toBeLessThanOrEqual(2e-7 * Math.max(1, Math.abs(x[i]!)));
    });
  });

  test("elu is e^x - 1 within 1.2 ulp below zero", () => {
    const below = sweep(STRIDE).filter((value) => value < 0);
    const y = run("elu" as Unary, below.subarray(0, below.length & ~3), [1, 1, 1]);
    const bound: Bound = { name: "elu" as Unary, exact: Math.expm1, ulps: 1.2 };
    const worst = y.reduce((most, value, i) => Math.max(most, shareOf(bound, below[i]!, value)), 0);
    expect(worst).toBeLessThanOrEqual(1);
  });
});

describe("softmax() and logSoftmax()", () => {
  test.each([1, 3, 4, 5, 64, 1001])("stay within their bounds at width %i", (width) => {
    const arena = new Arena();
    const x = Float32Array.from({ length: width }, (_, i) => 20 * Math.sin(i * i));
    const [at, log] = [arena.floats(width + 3), arena.floats(width + 3)];
    for (const place of [at, log]) {
      arena.view(place, width + 3).fill(1e30); // padding that must not count
      arena.view(place, width).set(x);
    }
    arena.kernel.softmax(at, width);
    arena.kernel.logSoftmax(log, width);
    const top = Math.max(...x);
    const exact = activate("softmax", [...x]);
    const exactLog = activate("log_softmax", [...x]);
    const [y, z] = [arena.view(at, width), arena.view(log, width)];
    for (let i = 0; i < width; i++) {
      if (exact[i]! > 2 ** -100) {
        const share = (6 + (top - x[i]!) + width) * 2 ** -24;
        expect(Math.abs(y[i]! - exact[i]!)).toBeLessThanOrEqual(share * exact[i]!);
      }
      const scale = Math.max(1, Math.abs(x[i]!), Math.abs(exactLog[i]!));
      expect(Math.abs(z[i]! - exactLog[i]!)).toBeLessThanOrEqual(3e-7 * scale + width * 2 ** -24);
    }
  });
});
