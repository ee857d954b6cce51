import { describe, expect, test } from "vitest";
import { featuresOf, Readout } from "../bindings/readout/readout.js";
import { allocatedBy } from "./support/allocation.js";
import { distance } from "./support/golden.js";
import { leastSquares, type Row } from "./support/least-squares.js";
import { Random } from "./support/random.js";
import { made, open } from "./support/stream.js";

/*
 * Readouts, judged by the textbook's normal equations, and by weights that are known.
 */

/** Samples of a noisy linear relation. */
function samplesOf(count: number, features: number, targets: number, seed = 1): Row[] {
  const random = new Random(seed);
  const W = Array.from({ length: targets }, () => [...random.floats(features)]);
  return Array.from({ length: count }, () => {
    const x = [...random.floats(features)];
    const y = W.map((w, t) =>
      w.reduce((sum, v, i) => sum + v * x[i]!, t + 0.5 + random.next() / 9),
    );
    return { x, y: [...Float32Array.from(y)] };
  });
}

const flat = (rows: readonly Row[], key: "x" | "y") =>
  Float64Array.from(rows.flatMap((r) => r[key]));
const withOne = (rows: readonly Row[]): Row[] => rows.map((row) => ({ ...row, x: [...row.x, 1] }));

describe("fit()", () => {
  test.each([
    [1, 1, 0],
    [5, 1, 0.3],
    [12, 3, 1e-6],
    [40, 2, 20],
  ])("%i features, %i targets, ridge %d: the normal equations", (features, targets, ridge) => {
    const rows = samplesOf(200, features, targets);
    const readout = new Readout({ features, targets, ridge });
    readout.fit(flat(rows, "x"), flat(rows, "y"));
    const penalties = [...Array<number>(features).fill(ridge), 0];
    expect(distance(readout.weights, leastSquares(withOne(rows), penalties).flat())).toBeLessThan(
      1e-11,
    );
    const plain = new Readout({ features, targets, ridge, intercept: false });
    plain.fit(flat(rows, "x"), [...flat(rows, "y")]);
    const expected = leastSquares(rows, penalties.slice(0, -1));
    expect(distance(plain.weights, expected.flat())).toBeLessThan(1e-11);
    const { x } = rows[7]!;
    const values = expected.map((w) => w.reduce((sum, v, i) => sum + v * x[i]!, 0));
    expect(distance(plain.predict(x), values)).toBeLessThan(1e-10);
  });

  test("is what updates give, to the last bit, and begins anew", () => {
    const rows = samplesOf(60, 7, 2);
    const [a, b] = [
      new Readout({ features: 7, targets: 2 }),
      new Readout({ features: 7, targets: 2 }),
    ];
    for (const { x, y } of rows) a.update(x, y);
    b.update(rows[5]!.x, rows[3]!.y);
    b.fit(flat(rows, "x"), flat(rows, "y"));
    expect(b.weights).toEqual(a.weights);
    expect([a.samples, b.samples]).toEqual([60, 60]);
    a.reset();
    expect([...a.predict(rows[0]!.x)]).toEqual([0, 0]);
  });

  test("keeps eight digits where the normal equations lose all", () => {
    const random = new Random(3);
    // Nearly the same feature twice: the condition is 1e8, that of the normal equations 1e16.
    const readout = new Readout({ features: 2, ridge: 0, intercept: false });
    for (let i = 0; i < 100; i++) {
      const x = [random.next(), 0];
      x[1] = x[0]! + 1e-8 * random.next();
      readout.update(x, x[0]! + 2 * x[1]!);
    }
    expect(distance(readout.weights, [1, 2])).toBeLessThan(1e-7);
  });
});

describe("update()", () => {
  /** Ridge as it stands after n samples: what was there at first, and what each renewal brought. */
  const penaltiesAfter = (n: number, features: number, ridge: number, forgetting: number) =>
    Array.from({ length: features }, (_, k) => {
      let penalty = ridge;
      for (let i = 0; i < n; i++) {
        penalty *= forgetting;
        if (i % features === k) penalty += ridge * (1 - forgetting ** features);
      }
      return penalty;
    });

  test.each([
    [0.9, 0.5],
    [0.98, 1e-3],
    [0.995, 0],
  ])("forgetting %d, ridge %d: the weighted least squares", (forgetting, ridge) => {
    const rows = samplesOf(150, 6, 2);
    const readout = new Readout({ features: 6, targets: 2, forgetting, ridge });
    for (const { x, y } of rows) readout.update(x, y);
    const weighted = withOne(rows).map((row, i) => ({ ...row, weight: forgetting ** (149 - i) }));
    const penalties = [...penaltiesAfter(150, 6, ridge, forgetting), 0];
    for (const penalty of penalties.slice(0, -1)) {
      expect(penalty).toBeGreaterThanOrEqual(ridge * forgetting ** 6 * (1 - 1e-12));
      expect(penalty).toBeLessThanOrEqual(2 * ridge);
    }
    expect(distance(readout.weights, leastSquares(weighted, penalties).flat())).toBeLessThan(1e-10);
  });

  test("returns what the prediction before was off by", () => {
    const rows = samplesOf(50, 4, 2);
    const readout = new Readout({ features: 4, targets: 2, forgetting: 0.95 });
    const into = new Float32Array(2);
    rows.forEach(({ x, y }, i) => {
      const before = [...readout.predict(x)];
      const errors = i % 2 ? readout.update(x, y) : readout.update(x, y, into);
      if (i % 2 === 0) expect(errors).toBe(into);
      // In the first samples what ridge leaves open is of the order of 1 / ridge.
      if (i > 6)
        expect(
          distance(
            errors,
            y.map((v, t) => v - before[t]!),
          ),
        ).toBeLessThan(1e-6);
    });
    const single = new Readout({ features: 1, ridge: 0 });
    const errors = [
      [2, 6],
      [1, 5],
      [0, 5],
    ].map(([x, y]) => single.update([x!], y!)[0]!);
    expect(errors.slice(0, 2)).toEqual([6, NaN]);
    expect(errors[2]).toBeCloseTo(1, 12);
  });

  test("stays sound over a million samples, and over a million of silence", () => {
    const readout = new Readout({ features: 5, forgetting: 0.99, ridge: 1e-4 });
    const random = new Random(5);
    const x = new Float64Array(5);
    const last: Row[] = [];
    for (let i = 0; i < 1_000_000; i++) {
      for (let k = 0; k < 5; k++) x[k] = random.next() - 0.5;
      // All but the same as another, for half a million.
      if (i < 500_000) x[4] = x[3]! + 1e-9 * random.next();
      const y = x[0]! - 2 * x[2]! + 3 + random.next() / 100;
      readout.update(x, y);
      if (i >= 996_000) last.push({ x: [...x, 1], y: [y], weight: 0.99 ** (999_999 - i) });
    }
    const penalties = [...penaltiesAfter(6000, 5, 1e-4, 0.99), 0];
    expect(distance(readout.weights, leastSquares(last, penalties)[0]!)).toBeLessThan(1e-10);
    x.fill(0);
    for (let i = 0; i < 1_000_000; i++) readout.update(x, 0);
    expect(distance(readout.weights, new Float64Array(6))).toBeLessThan(1e-100);
    // What never said anything is told apart no more.
    const silent = new Readout({ features: 2, forgetting: 0.9, ridge: 0 });
    for (let i = 0; i < 100_000; i++) silent.update([0, 0], 0);
    expect(() => silent.predict([1, 1])).toThrow(/do not tell 3 weights apart/);
    for (const { x, y } of samplesOf(1000, 2, 1)) silent.update(x, y);
    expect(silent.weights.every(Number.isFinite)).toBe(true);
  });
});

test("update() and predict() make no arrays", async () => {
  const readout = new Readout({ features: 4 });
  const x = new Random(1).floats(4);
  const use = () => readout.predict(x)[0]! + readout.update(x, 1)[0]!;
  use();
  expect(await allocatedBy(async () => use())).toBe(0);
});

describe("what no samples tell", () => {
  test.each<[string, (readout: Readout) => void]>([
    ["too few samples", (r) => r.update([1, 2], 3)],
    [
      "a feature twice",
      (r) => samplesOf(50, 1, 1).forEach(({ x, y }) => r.update([x[0]!, x[0]!], y)),
    ],
    [
      "a feature that is always 0",
      (r) => samplesOf(50, 1, 1).forEach(({ x, y }) => r.update([x[0]!, 0], y)),
    ],
    [
      "a feature that is the constant",
      (r) => samplesOf(50, 1, 1).forEach(({ x, y }) => r.update([x[0]!, 7], y)),
    ],
  ])("%s: an error without ridge, which says what to do", (_, learn) => {
    const readout = new Readout({ features: 2, ridge: 0 });
    learn(readout);
    const error = expect.objectContaining({
      code: "readout-singular",
      message: expect.stringMatching(/expected more of them, or a ridge above 0$/) as string,
    });
    expect(() => readout.predict([1, 1])).toThrow(error);
    expect(() => readout.weights).toThrow(error);
    const ridged = new Readout({ features: 2 });
    learn(ridged);
    expect(ridged.weights.every(Number.isFinite)).toBe(true);
  });
});

test("featuresOf() reads a stream's memory, or its hidden state", async () => {
  const stream = await open();
  const memory = featuresOf(stream, "lmu");
  const hidden = featuresOf(stream, 0, { state: "hidden" });
  const first = memory();
  expect([first.length, hidden().length]).toEqual([10, 6]);
  stream.push([1, 2, 3, 4]);
  expect(memory()).toBe(first);
  expect(first).toEqual(stream.memory("lmu"));
  expect(hidden()).toEqual(stream.hidden("lmu"));
  expect(made.description.layers[0]!.name).toBe("lmu");
  expect(() => featuresOf(stream, "x")).toThrow(RangeError);
});
