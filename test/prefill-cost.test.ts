import { describe, expect, test } from "vitest";
import { discretize } from "../bindings/legendre.js";
import { choose, reachOf } from "../bindings/prefill/choice.js";
import {
  convolvedCost,
  crossingCost,
  exactCost,
  projectedCost,
  type Sizes,
} from "../bindings/prefill/cost.js";
import { type Matrix, work } from "./support/oracle-algebra.js";
import { convolved, crossed, projected, stepped, type System } from "./support/oracle-prefill.js";
import { Random } from "./support/random.js";

const [order, theta, steps, outputs] = [12, 20, 64, 6];
const random = new Random(5);
const u = [...random.floats(steps)];
const W = rows(random.floats(outputs * order), order);
const system = systemOf(order, theta);
const sizes: Sizes = { order, channels: 1, outputs, isShared: false };

function rows(values: ArrayLike<number>, width: number): number[][] {
  return Array.from({ length: values.length / width }, (_, i) =>
    Array.from({ length: width }, (_, j) => values[i * width + j]!),
  );
}

function systemOf(size: number, window: number): System {
  const { A, B } = discretize(size, window);
  return { A: rows(A, size), B: [...B] };
}

/** What a form gives, and what it costs per step. */
function counted<T>(run: () => T): [T, number] {
  work.multiplyAdds = 0;
  const result = run();
  return [result, work.multiplyAdds / steps];
}

function farthest(a: Matrix, b: Matrix): number {
  return Math.max(...a.flatMap((row, t) => row.map((value, i) => Math.abs(value - b[t]![i]!))));
}

describe("the cost of a form is what doing it costs", () => {
  const [exact, exactWork] = counted(() => stepped(system, W, u));

  test("steps", () => {
    expect(exactWork).toBe(exactCost(sizes));
  });

  test.each([8, 16, 32])("the state of every %i steps", (L) => {
    const [states, cost] = counted(() => crossed(system, u, L));
    expect(cost).toBe(crossingCost(sizes, L));
    expect(farthest([states.at(-1)!], [exact.state])).toBeLessThan(1e-12);
  });

  test.each([4, 8, 16])("outputs of chunks of %i steps by products", (L) => {
    const [y, cost] = counted(() => projected(system, W, u, L));
    expect(cost).toBe(projectedCost(sizes, L));
    expect(farthest(y, exact.outputs)).toBeLessThan(1e-12);
  });

  test.each([
    [16, 4],
    [32, 2],
  ])("outputs as convolutions, blocks of %i steps, %i of them", (B, K) => {
    const [y, cost] = counted(() => convolved(system, W, u, B, K));
    expect(cost).toBe(convolvedCost(sizes, 16, B, K) - crossingCost(sizes, 16));
    expect(farthest(y, exact.outputs)).toBeLessThan(1e-7);
  });
});

test.each([1, 2, 3, 5, 8, 16, 40, 64])(
  "of an input to order %i less than 1e-7 is left beyond reach",
  (size) => {
    const window = 3 * size + 10;
    const { A, B } = systemOf(size, window);
    let state: readonly number[] = B;
    const reach = reachOf(size, window);
    let [before, after] = [0, 0];
    // Normalised coordinates: what readers' weights are for.
    const norm = (c: readonly number[]) => Math.hypot(...c.map((x, i) => x / Math.sqrt(2 * i + 1)));
    for (let j = 0; j < 2 * reach; j++) {
      if (j < reach) before += norm(state);
      else after += norm(state);
      state = A.map((row) => row.reduce((sum, a, k) => sum + a * state[k]!, 0));
    }
    expect(after).toBeLessThan(1e-7 * before);
  },
);

describe("the form that costs least", () => {
  const psmnist = { order: 256, channels: 1, outputs: 212, isShared: false };
  test.each([
    ["psMNIST", psmnist, false, 784, "convolution"],
    ["its last memory", psmnist, true, 784, "boundary"],
    ["few readers", { ...psmnist, order: 32, outputs: 4 }, false, 100, "projection"],
    ["taps that would be too many", { ...psmnist, outputs: 4 }, false, 9e5, "projection"],
    [
      "a small memory",
      { order: 4, channels: 1, outputs: 8, isShared: false },
      false,
      10,
      undefined,
    ],
    ["too large a memory", { ...psmnist, order: 600 }, false, 784, undefined],
  ] as const)("%s", (_, of, isNewest, window, form) => {
    const choice = choose(of, isNewest, !isNewest, true, window);
    expect(choice?.form).toBe(form);
    if (choice) {
      expect(choice.multiplyAdds).toBeLessThan(exactCost(of));
      expect(choice.least).toBeGreaterThan(1);
    }
  });
});
