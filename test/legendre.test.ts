import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { exponentialMinusIdentity } from "../bindings/legendre/exponential.js";
import { holdOf } from "../bindings/legendre/hold.js";
import { basis, MatrixWork, residualMatrix } from "../bindings/legendre/residual.js";
import { thetaOfInput } from "../bindings/legendre/theta.js";
import { decoder, discretize, legendre, matrices } from "../bindings/legendre.js";
import { exactColumn, exactResidual } from "./support/exact.js";
import { Kernel } from "../bindings/runtime/kernel.js";
import { inlined } from "../bindings/runtime/inline.js";
import { wasmHex } from "../bindings/runtime/wasm-hex.js";

const bitsOf = ({ buffer, byteOffset, byteLength }: Float64Array) =>
  Buffer.from(buffer, byteOffset, byteLength);

describe("matrices()", () => {
  test("are those of the paper at order 4", () => {
    const { A, B } = matrices(4);
    expect([...A]).toEqual([-1, -1, -1, -1, 3, -3, -3, -3, -5, 5, -5, -5, 7, -7, 7, -7]);
    expect([...B]).toEqual([1, -3, 5, -7]);
  });
});

describe("discretize()", () => {
  test.each([
    [1, 3],
    [2, 2.5],
    [4, 10],
    [6, 1.25],
    [16, 64],
    [33, 17.5],
    [64, 128],
    [100, 100000],
    [256, 784],
    [256, 300],
    [512, 784],
  ])("order %i, theta %d: within 1e-13 of the exact exponential", (order, theta) => {
    const { A, B } = discretize(order, theta);
    const some = order < 512 ? [0, 1, order >> 1, order - 1] : [0, order - 1];
    const columns = order <= 16 ? [...Array(order).keys()] : some;
    let [error, size] = [0, 0];
    for (const j of columns) {
      const exact = exactColumn(order, theta, j);
      for (let i = 0; i < order; i++) {
        error += (A[i * order + j]! - exact[i]!) ** 2;
        size += exact[i]! ** 2;
        if (j === 0) expect(Math.abs(B[i]! - ((i === 0 ? 1 : 0) - exact[i]!))).toBeLessThan(1e-13);
      }
    }
    expect(Math.sqrt(error / size)).toBeLessThan(1e-13);
  });

  test("gives the same bits from the kernel and from JavaScript", () => {
    const module = inlined(() => wasmHex)();
    const kernel = new Kernel(module);
    const room = { exports: kernel.exports, from: kernel.heapBase + 1600 };
    const check = (order: number, theta: number) => {
      const expected = bitsOf(exponentialMinusIdentity(order, 1 / theta));
      expect(bitsOf(holdOf(module)(order, 1 / theta)).equals(expected)).toBe(true);
      expect(bitsOf(holdOf(module, () => room)(order, 1 / theta)).equals(expected)).toBe(true);
    };
    // Whoever gave the room finds it empty, and no larger.
    const expectEmpty = () => {
      expect(kernel.bytes).toBe(65536);
      expect(kernel.floats(room.from, (65536 - room.from) / 4).every((x) => x === 0)).toBe(true);
    };
    for (const [order, theta] of [
      [1, 0.01],
      [2, 1e9],
      [256, 784],
      [257, 99.5],
    ] as const) {
      check(order, theta);
    }
    const order = fc.integer({ min: 1, max: 70 });
    const theta = fc.double({ min: 0.5, max: 1e5, noNaN: true });
    fc.assert(fc.property(order, theta, check), { seed: 1 });
    expectEmpty();
  });

  test("keeps relative accuracy of A - I when theta is large", () => {
    const [order, theta] = [16, 1e6];
    const D = residualMatrix(order, theta, exponentialMinusIdentity);
    const T = basis(order);
    const exact = exactResidual(order, theta, 3);
    let [error, size] = [0, 0];
    for (let i = 0; i < order; i++) {
      error += ((D[i * order + 3]! * T[i]!) / T[3]! - exact[i]!) ** 2;
      size += exact[i]! ** 2;
    }
    expect(Math.sqrt(error / size)).toBeLessThan(1e-13);
  });

  test("euler is I + A / theta", () => {
    const { A } = matrices(5);
    const step = discretize(5, 40, { method: "euler" });
    step.A.forEach((value, i) => {
      expect(value).toBeCloseTo(A[i]! / 40 + (i % 6 === 0 ? 1 : 0), 14);
    });
  });

  test.each([1, 2, 3, 8, 65])("bilinear solves its equation at order %i", (order) => {
    // (I - A / 2θ) Ā = I + A / 2θ
    const theta = 3 * order;
    const { A } = matrices(order);
    const step = discretize(order, theta, { method: "bilinear" });
    for (let i = 0; i < order; i++) {
      for (let j = 0; j < order; j++) {
        let left = step.A[i * order + j]!;
        for (let k = 0; k < order; k++) {
          left -= (A[i * order + k]! / (2 * theta)) * step.A[k * order + j]!;
        }
        expect(left).toBeCloseTo(A[i * order + j]! / (2 * theta) + (i === j ? 1 : 0), 10);
      }
    }
  });

  test("B is the first column of I - A under every rule", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.double({ min: 0.5, max: 1e4, noNaN: true }),
        fc.constantFrom("zoh", "euler", "bilinear" as const),
        (order, theta, method) => {
          const { A, B } = discretize(order, theta, { method: method as "zoh" });
          for (let i = 0; i < order; i++) {
            const wanted = (i === 0 ? 1 : 0) - A[i * order]!;
            expect(Math.abs(B[i]! - wanted)).toBeLessThanOrEqual(
              1e-12 * Math.max(1, Math.abs(wanted)),
            );
          }
        },
      ),
      { numRuns: 50, seed: 1 },
    );
  });

  test("two half steps are one step", () => {
    const order = 7;
    const whole = discretize(order, 20).A;
    const half = discretize(order, 20, { dt: 0.5 }).A;
    for (let i = 0; i < order; i++) {
      for (let j = 0; j < order; j++) {
        let sum = 0;
        for (let k = 0; k < order; k++) sum += half[i * order + k]! * half[k * order + j]!;
        expect(sum).toBeCloseTo(whole[i * order + j]!, 13);
      }
    }
  });

  test("an infinite theta freezes the memory", () => {
    const { A, B } = discretize(2, Infinity);
    expect([...A].map(Math.abs)).toEqual([1, 0, 0, 1]);
    expect([...B].map(Math.abs)).toEqual([0, 0]);
  });

  test.each([
    [() => discretize(0, 1), "order is 0, expected an integer from 1"],
    [() => discretize(2.5, 1), "order is 2.5"],
    [() => discretize(4096, 1), "order is 4096"],
    [() => discretize(4, 0), "theta is 0, expected a number above 0"],
    [() => discretize(4, NaN), "theta is NaN"],
    [() => discretize(4, 1, { dt: -1 }), "dt is -1"],
    [() => discretize(4, 1, { method: "tustin" as never }), "method is tustin"],
    [() => decoder(4, [1.5]), "delays[0] is 1.5, expected a fraction from 0 to 1"],
  ])("refuses bad arguments: %#", (call, message) => {
    expect(call).toThrow(RangeError);
    expect(call).toThrow(message);
  });
});

describe("thetaOfInput()", () => {
  test.each([
    [4, 4],
    [6, 8],
    [16, 100],
    [128, 256],
    [256, 784],
  ])("finds theta of order %i from B rounded to f32", (order, theta) => {
    const first = Math.fround(discretize(order, theta).B[0]!);
    expect(thetaOfInput(order, first)).toBeCloseTo(theta, 2);
  });

  // Of one number: d/dt m = (u - m) / theta.
  test.each([1e6, 784.3, 20, 1, 0.3, 0.15])("finds theta of order 1, %f", (theta) => {
    expect(thetaOfInput(1, -Math.expm1(-1 / theta))! / theta).toBeCloseTo(1, 9);
  });

  test("gives up on what no theta has, or one far below the order", () => {
    for (const first of [-0.1, 0, 1, NaN]) expect(thetaOfInput(8, first)).toBeUndefined();
    expect(thetaOfInput(1, -Math.expm1(-1 / 0.03))).toBeUndefined();
    expect(thetaOfInput(512, 1 / 100)).toBeUndefined();
  });
});

describe("decoder()", () => {
  test.each([[undefined], [0.5], [null]])("refuses delays that are %o", (delays) => {
    expect(() => decoder(4, delays as never)).toThrow(
      new TypeError("Cannot make a decoder: delays is no array"),
    );
  });

  test("reads a sine at any delay out of the memory", () => {
    const [order, theta] = [12, 100];
    const { A, B } = discretize(order, theta);
    const signal = (t: number) => Math.sin(t / 20);
    let m = new Float64Array(order);
    for (let t = 0; t <= 400; t++) {
      m = m.map((_, i) => {
        let sum = B[i]! * signal(t);
        for (let j = 0; j < order; j++) sum += A[i * order + j]! * m[j]!;
        return sum;
      });
    }
    for (const steps of [0, 10, 50, 99]) {
      const W = decoder(order, [(steps + 0.5) / theta]);
      const read = W.reduce((sum, w, i) => sum + w * m[i]!, 0);
      expect(Math.abs(read - signal(400 - steps))).toBeLessThan(5e-3);
    }
  });

  test("the namespace holds the same functions", () => {
    expect(legendre).toEqual({ matrices, discretize, decoder });
  });
});

describe("MatrixWork", () => {
  const ask = (...systems: Parameters<MatrixWork["fits"]>[]) => {
    const work = new MatrixWork();
    return systems.map((system) => work.fits(...system));
  };

  test("fits eight matrices of order 512 and theta 512, each as often as the cache has it", () => {
    const eight = Array.from({ length: 8 }, (_, i) => [512, 512 + i] as [number, number]);
    expect(ask(...eight, ...eight)).toEqual(Array(16).fill(true));
    expect(ask(...eight, [512, 520])).toEqual([...Array<boolean>(8).fill(true), false]);
  });

  test("counts again what the cache has lost", () => {
    const nine = Array.from({ length: 9 }, (_, i) => [256, 256 + i] as [number, number]);
    expect(ask(...nine, ...nine, ...nine, ...nine, ...nine).every(Boolean)).toBe(true);
    const more = Array.from({ length: 10 }, () => nine).flat();
    expect(ask(...more).indexOf(false)).toBe(73);
  });

  test.each<[boolean, Parameters<MatrixWork["fits"]>]>([
    [false, [2048, 1000]],
    [true, [2048, 2 ** 20]],
    [true, [2048, Infinity]],
    [true, [2048, 1000, "euler"]],
    [true, [2048, 1000, "bilinear"]],
    [true, [3, 5e-324]],
  ])("%s for %o", (fits, system) => {
    expect(ask(system)).toEqual([fits]);
  });
});
