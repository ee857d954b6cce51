/**
 * The Legendre delay system: matrices from an order and a window length, and what reads the window back.
 *
 * θ ṁ = A m + B u keeps in m the coefficients of the last θ time units of u on shifted Legendre polynomials
 * (Voelker, Kajić, Eliasmith, "Legendre Memory Units", NeurIPS 2019, equations 1 and 2).
 *
 * Everything is float64 additions, multiplications, divisions and square roots: the same bits on every engine.
 *
 * @module lmu-wasm/legendre
 */
import { expectInteger } from "./errors.js";
import { exponentialMinusIdentity } from "./legendre/exponential.js";
import { basis, type DiscretizeOptions, MAX_ORDER, residualMatrix } from "./legendre/residual.js";

export { type Discretization, type DiscretizeOptions, MAX_ORDER } from "./legendre/residual.js";

/** A linear system m ← A m + B u, or θ ṁ = A m + B u: A is [order, order] row by row, B is [order]. */
export interface System {
  /** [order, order], row by row: element (i, j) stands at i · order + j. */
  A: Float64Array;
  /** [order]. */
  B: Float64Array;
}

/**
 * The continuous matrices A and B, before division by theta (equation 2 of the paper); exact.
 *
 * @param order - number of Legendre coefficients, 1 to {@link MAX_ORDER}
 * @returns A, Float64Array [order, order], and B, Float64Array [order]
 * @throws RangeError if order is out of range
 */
export function matrices(order: number): System {
  expectInteger("make the LMU matrices", "order", order, 1, MAX_ORDER);
  const A = new Float64Array(order * order);
  const B = new Float64Array(order);
  for (let i = 0; i < order; i++) {
    for (let j = 0; j < order; j++) {
      A[i * order + j] = (2 * i + 1) * (i < j || (i - j) % 2 === 0 ? -1 : 1);
    }
    B[i] = (2 * i + 1) * (i % 2 === 0 ? 1 : -1);
  }
  return { A, B };
}

/**
 * The step matrices Ā and B̄ of m ← Ā m + B̄ u.
 *
 * Relative error (Frobenius) below 1e-13 for orders up to 512.
 *
 * @param order - number of Legendre coefficients, 1 to {@link MAX_ORDER}
 * @param theta - window length, in steps when dt is 1; above 0 (Infinity freezes the memory)
 * @param options - rule and step length; by default the zero-order hold with a step of 1
 * @returns Ā, Float64Array [order, order], and B̄, Float64Array [order]; fresh arrays
 * @throws RangeError if order, theta or dt is out of range, or method unknown
 */
export function discretize(order: number, theta: number, options: DiscretizeOptions = {}): System {
  const { method = "zoh", dt = 1 } = options;
  expectInteger("discretize the LMU", "order", order, 1, MAX_ORDER);
  expectPositive("theta", theta, Infinity);
  expectPositive("dt", dt, Number.MAX_VALUE);
  if (!["zoh", "euler", "bilinear"].includes(method)) {
    const got = `method is ${String(method)}`;
    throw new RangeError(`Cannot discretize the LMU: ${got}, expected zoh, euler or bilinear`);
  }
  const D = residualMatrix(order, theta, exponentialMinusIdentity, { method, dt });
  const T = basis(order);
  const A = new Float64Array(order * order);
  const B = new Float64Array(order);
  for (let i = 0; i < order; i++) {
    for (let j = 0; j < order; j++) {
      A[i * order + j] = (D[i * order + j]! * T[i]!) / T[j]! + (i === j ? 1 : 0);
    }
    // A constant input is the fixed point e₀, so B̄ = e₀ - Ā e₀ under every rule.
    B[i] = -(D[i * order]! * T[i]!);
  }
  return { A, B };
}

function expectPositive(name: string, value: number, largest: number): void {
  if (value > 0 && value <= largest) return;
  const kind = largest === Infinity ? "a number" : "a finite number";
  throw new RangeError(`Cannot discretize the LMU: ${name} is ${value}, expected ${kind} above 0`);
}

/**
 * Readout weights that recover past inputs from the memory: u(t - r θ) ≈ Σ W[k][i] m[i], r being delays[k] (the paper's
 * decoding of the window by shifted Legendre polynomials).
 *
 * A step-based memory already holds the newest sample: to read the sample k steps ago use r = (k + 1/2) / theta.
 *
 * @param order - number of Legendre coefficients, 1 to {@link MAX_ORDER}
 * @param delays - fractions r of the window, 0 (now) to 1 (theta ago)
 * @returns W, Float64Array [delays.length, order]: shifted Legendre polynomials P_i(2 r - 1)
 * @throws RangeError if order or a delay is out of range; TypeError if delays is no list
 */
export function decoder(order: number, delays: ArrayLike<number>): Float64Array {
  expectInteger("make a decoder", "order", order, 1, MAX_ORDER);
  if (!(delays?.length >= 0)) throw new TypeError("Cannot make a decoder: delays is no array");
  const W = new Float64Array(delays.length * order);
  for (let k = 0; k < delays.length; k++) {
    const r = delays[k]!;
    if (!(r >= 0 && r <= 1)) {
      throw new RangeError(
        `Cannot make a decoder: delays[${k}] is ${r}, expected a fraction from 0 to 1`,
      );
    }
    const x = 2 * r - 1;
    let before = 0;
    let now = 1;
    for (let i = 0; i < order; i++) {
      W[k * order + i] = now;
      [before, now] = [now, ((2 * i + 1) * x * now - i * before) / (i + 1)];
    }
  }
  return W;
}

/** The functions of `lmu-wasm/legendre` under one name. */
export const legendre = {
  /** The continuous matrices A and B. */
  matrices,
  /** The step matrices Ā and B̄. */
  discretize,
  /** Readout weights that recover past inputs from the memory. */
  decoder,
};
