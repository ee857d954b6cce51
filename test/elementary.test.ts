import { expect, test } from "vitest";
import { exp, log, logSumExp } from "../bindings/language/elementary.js";
import { Random } from "./support/random.js";

// Math.exp and Math.log are within an ulp here; it is their bits on other engines that are not ours.
const ULP = 2 ** -52;

test("exp() is within 4e-16 of e^x, and 0 where nothing counts any more", () => {
  const random = new Random(1);
  for (let i = 0; i < 20_000; i++) {
    const x = -690 * random.next() ** 4;
    expect(Math.abs(exp(x) / Math.exp(x) - 1)).toBeLessThanOrEqual(4e-16 + ULP);
  }
  expect([exp(0), exp(-701), exp(-Infinity)]).toEqual([1, 0, 0]);
  expect(exp(NaN)).toBeNaN();
});

test("log() is within 4e-16·max(1, |ln x|)", () => {
  const random = new Random(2);
  for (let i = 0; i < 20_000; i++) {
    const x = 2 ** (600 * random.next() - 300) * (1 + random.next());
    const exact = Math.log(x);
    expect(Math.abs(log(x) - exact)).toBeLessThanOrEqual(4e-16 * Math.max(1, Math.abs(exact)));
  }
  for (const x of [1, Math.SQRT2, 0.9999999, 1.0000001]) {
    expect(Math.abs(log(x) - Math.log(x))).toBeLessThanOrEqual(4e-16);
  }
});

test("logSumExp() of logits far apart, a part of an array", () => {
  expect(logSumExp([900, 1000, 3, 3, -1000, 900], 1, 4)).toBe(1000);
  expect(logSumExp([5, 0, 0, 0, 0, 5], 1, 4)).toBeCloseTo(Math.log(4), 15);
});
