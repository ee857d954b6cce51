import { describe, expect, test } from "vitest";
import { matrices } from "../bindings/legendre.js";
import { load } from "../bindings/index.js";
import { eulerBound } from "../bindings/layers/stability.js";
import { fileOf, makeUp, type Shapes } from "./support/models.js";

/*
 * Whether I + A / theta is stable, decided without eigenvalues: by the Schur-Cohn recursion on its characteristic
 * polynomial, in fixed-point numbers of so many bits that more change nothing (8 per order are enough, 6 are not at 256).
 */

/**
 * Coefficients of det(sI - A·scale), lowest first, in numbers with so many bits behind the point: the denominator of the
 * Padé approximant [order - 1 / order] of e^-s, whose state space A is (Voelker et al. 2019):
 * c[j] = C(order, j) (2·order - 1 - j)! / (order - 1)! · scale^(order - j).
 */
function characteristic(order: number, scale = 1n, bits = 0n): bigint[] {
  const c = Array<bigint>(order + 1).fill(1n << bits);
  for (let j = order; j > 0; j--) {
    const next = (c[j]! * BigInt(j * (2 * order - j))) / BigInt(order - j + 1);
    c[j - 1] = (next * scale) >> bits;
  }
  return c;
}

/** Whether all eigenvalues of I + A / theta are inside the unit circle. */
function isStable(order: number, theta: number): boolean {
  const bits = BigInt(8 * order + 200);
  const one = 1n << bits;
  const inverse = (one * 10n ** 6n) / BigInt(Math.round(theta * 1e6));
  let p = characteristic(order, inverse, bits);
  // From powers of w = z - 1 to powers of z.
  for (let i = 0; i < order; i++) {
    for (let j = order - 1; j >= i; j--) p[j]! -= p[j + 1]!;
  }
  while (p.length > 1) {
    const k = p[0]!;
    if (k >= one || k <= -one) return false;
    const reverse = [...p].reverse();
    const factor = (one * one) / (one - ((k * k) >> bits));
    p = p.slice(1).map((c, i) => ((c - ((k * reverse[i + 1]!) >> bits)) * factor) >> bits);
  }
  return true;
}

describe("the oracle", () => {
  test("knows the characteristic polynomial: A is a root of it", () => {
    const order = 9;
    const A = [...matrices(order).A].map(BigInt);
    let v = Array<bigint>(order).fill(0n);
    for (const c of characteristic(order).reverse()) {
      // Horner's rule on the first unit vector.
      v = v.map((_, i) => v.reduce((sum, x, j) => sum + A[i * order + j]! * x, i ? 0n : c));
    }
    expect(v).toEqual(Array(order).fill(0n));
  });

  test("tells stable from unstable where eigenvalues are known: -1, and -2 ± i√2", () => {
    expect([isStable(1, 0.51), isStable(1, 0.49)]).toEqual([true, false]);
    expect([isStable(2, 1.51), isStable(2, 1.49)]).toEqual([true, false]);
  });
});

describe("eulerBound()", () => {
  test.each([
    ...[1, 2, 4, 8, 16, 32, 64, 128, 256].map((order) => [order, 0.001] as const),
    ...[3, 5, 6, 10, 12, 20, 24, 40, 48, 100].map((order) => [order, 0.005] as const),
    [300, 0.02] as const,
  ])("order %i: stable above, not below, within a fraction of %d", (order, fraction) => {
    const bound = eulerBound(order);
    expect(isStable(order, bound * (1 + fraction))).toBe(true);
    expect(isStable(order, bound * (1 - fraction))).toBe(false);
  });
});

describe("warnings of a memory", () => {
  const warningsOf = async (order: number, theta: number, shapes: Shapes = {}) => {
    const layers = [{ name: "l", type: "lmu" as const, order, theta }];
    const model = await load(fileOf(makeUp({ width: 1 }, layers, shapes)));
    return model.report().warnings;
  };

  test("none for the highest order that is tested, and for as many samples as coefficients", async () => {
    expect(await warningsOf(512, 4000)).toEqual([]);
    expect(await warningsOf(20, 20)).toEqual([]);
  });

  test("none about a theta that given matrices do not come from", async () => {
    expect(await warningsOf(5, 2)).toHaveLength(1);
    expect(await warningsOf(5, 2, { "l.D": [5, 5], "l.B": [5] })).toEqual([]);
  });
});
