import { describe, expect, test } from "vitest";
import type { Description } from "../bindings/description.js";
import type { StepOptions } from "../bindings/index.js";
import { discretize } from "../bindings/legendre.js";
import type { LmuDescription } from "../bindings/description.js";
import { exactResidual } from "./support/exact.js";
import { loadMadeUp, type LmuChoice, lmuModel, type MadeUp, makeUp } from "./support/models.js";
import { runOracle } from "./support/oracle.js";
import { Random } from "./support/random.js";

/*
 * Samples that are not one step apart, against float64: of the zero-order hold by the matrices of every gap, of the other
 * rules by the whole steps and the fraction that they are said to take.
 */

/** Largest error in units of the largest memory. */
const TOLERANCE = 2e-5;

const memory = (order: number, theta: number, more: Partial<LmuDescription> = {}, width = 1) =>
  makeUp({ width }, [{ name: "l", type: "lmu", order, theta, ...more }], {});

/** From a thousandth of a step to a million, every third a whole number. */
function gapsOf(count: number, seed: number): number[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => {
    const dt = 10 ** (9 * random.next() - 3);
    return random.next() < 1 / 3 ? Math.ceil(dt) : dt;
  });
}

/** Steps a stream through a signal. */
async function outputsOf(made: MadeUp, signal: Float32Array, options: readonly StepOptions[]) {
  const model = await loadMadeUp(made);
  const stream = model.stream();
  const width = model.inputSize;
  const rows = options.map((one, t) =>
    stream.step(signal.subarray(t * width, (t + 1) * width), undefined, one).slice(),
  );
  expect(stream.position).toBe(options.length);
  model.dispose();
  return rows;
}

/** Steps a stream by these times, and compares. */
async function expectSteps(
  made: MadeUp,
  signal: Float32Array,
  gaps: readonly number[],
  exact: readonly ArrayLike<number>[],
): Promise<void> {
  const options = gaps.map((dt) => ({ dt }));
  expectNear(await outputsOf(made, signal, options), exact);
}

function expectNear(rows: readonly Float32Array[], exact: readonly ArrayLike<number>[]): void {
  let [worst, most] = [0, 1];
  rows.forEach((row, t) =>
    row.forEach((value, i) => {
      worst = Math.max(worst, Math.abs(value - exact[t]![i]!));
      most = Math.max(most, Math.abs(exact[t]![i]!));
    }),
  );
  expect(worst).toBeLessThanOrEqual(TOLERANCE * most);
}

/** Compares with the oracle, which has the zero-order hold of every gap. */
async function expectHold(made: MadeUp, gaps: readonly number[]): Promise<void> {
  const { width = 1 } = made.description.input;
  const signal = new Random(gaps.length).floats(gaps.length * width);
  const rows = gaps.map((_, t) => [...signal.subarray(t * width, (t + 1) * width)]);
  const exact = runOracle(made.description, made.tensors, rows, undefined, gaps);
  await expectSteps(made, signal, gaps, exact);
}

describe("the zero-order hold", () => {
  test("of 10,000 random gaps", async () => {
    await expectHold(memory(4, 30), gapsOf(10_000, 1));
  }, 60_000);

  test.each([
    [1, 5, 1],
    [3, 7, 2],
    [12, 30, 3],
    [16, 5000, 1],
    [32, 100, 1],
    [64, 300, 1],
  ])(
    "of random gaps: order %i, theta %i, %i channels",
    async (order, theta, channels) => {
      await expectHold(memory(order, theta, {}, channels), gapsOf(order < 16 ? 300 : 100, order));
    },
    60_000,
  );

  /** Of gaps that each begin with nothing: a constant 1 then leaves (I - Ā) e₀. */
  async function expectExact(order: number, theta: number, gaps: readonly number[]) {
    const model = await loadMadeUp(memory(order, theta));
    const stream = model.stream();
    for (const dt of gaps) {
      stream.reset();
      const output = stream.step(1, undefined, { dt });
      expectNear([output], [exactResidual(order, theta / dt, 0).map((value) => -value)]);
    }
    model.dispose();
  }

  /** Up to the longest, that exact arithmetic takes without scaling, and down to a thousandth of it. */
  function gapsUpTo(longest: number, count: number, seed: number): number[] {
    const random = new Random(seed);
    return Array.from({ length: count }, () => longest * 10 ** (-3 * random.next()));
  }

  test.each([1, 2, 7, 32, 64])("of one gap, against exact arithmetic: order %i", async (order) => {
    await expectExact(order, 40 * order, gapsUpTo(1, 20, order));
    await expectExact(order, 40 * order, gapsUpTo(40, 20, order));
  });

  const LARGE = process.env["CI"] ? 20 : 2;

  test.each([784, 3000, 20_000, 1e6])(
    "of one gap, against exact arithmetic: order 256, theta %i",
    async (theta) => expectExact(256, theta, gapsUpTo(theta / 1024, LARGE, theta)),
  );

  test("of one sample after another at order 256, and of windows as short as a step, as long as a million", async () => {
    await expectHold(memory(256, 784), [0.37, 1000.5]);
    await expectHold(memory(3, 1), gapsOf(100, 2));
    await expectHold(memory(6, 1e6), gapsOf(100, 3));
  });

  const choice: LmuChoice = {
    ...{ inputs: 2, channels: 3, order: 5, theta: 12, hidden: "rnn" as const, units: 4 },
    ...{ isFedBack: true, remembers: true, seesInput: true, hasBias: true, isLearned: false },
  };

  test.each(["none", "dense", "rnn", "lstm", "gru"] as const)(
    "with a hidden cell (%s) that sees one sample, fed back with the memory",
    async (hidden) => expectHold(lmuModel({ ...choice, hidden }, 3), gapsOf(60, 4)),
  );

  test("of LMUs above one another, with layers between that keep nothing", async () => {
    const layers: Description["layers"] = [
      { name: "a", type: "lmu", order: 4, theta: 20 },
      { name: "d", type: "dense", activation: "tanh" },
      { name: "b", type: "lmu", order: 6, theta: 9 },
      { name: "n", type: "layer-norm", epsilon: 1e-3 },
    ];
    await expectHold(makeUp({ width: 1 }, layers, { "d.weight": [2, 4] }), gapsOf(60, 5));
  });
});

describe.each([
  ["zoh", memory(6, 40, {}, 2)],
  ["long windows", memory(6, 4000, {}, 2)],
  ["euler", memory(6, 40, { discretizer: "euler" }, 2)],
  ["long windows of euler", memory(6, 4000, { discretizer: "euler" }, 2)],
  ["bilinear", memory(6, 40, { discretizer: "bilinear" }, 2)],
  [
    "matrices of the file",
    lmuModel(
      {
        ...{ inputs: 2, channels: 2, order: 6, theta: 1, hidden: "none", units: 0 },
        ...{
          isFedBack: false,
          remembers: false,
          seesInput: false,
          hasBias: false,
          isLearned: true,
        },
      },
      1,
    ),
  ],
] as const)("whole steps (%s)", (_, made) => {
  const signal = new Random(6).floats(2 * 40);

  test.each([2, 3, 5, 63, 64, 100, 1000])("a gap of %i is as many equal samples", async (dt) => {
    const model = await loadMadeUp(made);
    const [one, many] = [model.stream(), model.stream()];
    for (let t = 0; t < 8; t++) {
      const sample = signal.subarray(2 * t, 2 * t + 2);
      const output = one.step(sample, undefined, { dt });
      let expected = output;
      for (let n = 0; n < dt; n++) expected = many.step(sample);
      expectNear([output], [expected]);
    }
    model.dispose();
  });

  test.each([2, 5, 200])("a gap of %i with zeros between", async (dt) => {
    const silent = makeUp({ width: 2 }, made.description.layers, {});
    const model = await loadMadeUp({ ...silent, tensors: made.tensors });
    const [one, many] = [model.stream(), model.stream()];
    for (let t = 0; t < 8; t++) {
      const sample = signal.subarray(2 * t, 2 * t + 2);
      const output = one.step(sample, undefined, { dt, between: "zero" });
      for (let n = 1; n < dt; n++) many.step([0, 0]);
      expectNear([output], [many.step(sample)]);
    }
    model.dispose();
  });

  test("a gap of one is a plain step, to the last bit", async () => {
    const plain = await outputsOf(made, signal, Array<StepOptions>(40).fill({}));
    const model = await loadMadeUp(made);
    expect(plain.flatMap((row) => [...row])).toEqual([...model.run(signal)]);
    const ones = Array<StepOptions>(40).fill({ dt: 1 });
    expect(await outputsOf(made, signal, ones)).toEqual(plain);
    const zeros = Array<StepOptions>(40).fill({ dt: 1, between: "zero" });
    expect(await outputsOf(made, signal, zeros)).toEqual(plain);
  });
});

describe.each(["euler", "bilinear"] as const)("fractions (%s)", (method) => {
  test.each([
    [1, 3],
    [6, 40],
    [16, 80],
    [5, 4000],
  ])("take the rule after the whole steps: order %i, theta %i", async (order, theta) => {
    const random = new Random(order);
    const gaps = Array.from({ length: 100 }, () => 10 ** (5 * random.next() - 3));
    const signal = random.floats(gaps.length);
    let m = new Float64Array(order);
    const step = (u: number, dt: number) => {
      const { A, B } = discretize(order, theta, { method, dt });
      m = m.map((_, i) => m.reduce((sum, c, j) => sum + A[i * order + j]! * c, B[i]! * u));
    };
    const exact = gaps.map((dt, t) => {
      for (let n = 1; n <= dt; n++) step(signal[t]!, 1);
      if (dt % 1 > 0) step(signal[t]!, dt % 1);
      return m;
    });
    const made = memory(order, theta, { discretizer: method });
    await expectSteps(made, signal, gaps, exact);
  });
});

describe("zeros between", () => {
  test("fade the memory before the sample, and leave out what a gap below one is too short for", async () => {
    const made = memory(6, 30);
    const gaps = gapsOf(100, 8);
    const signal = new Random(8).floats(gaps.length);
    const options = gaps.map((dt) => ({ dt, between: "zero" as const }));
    const apart = gaps.flatMap((dt) => (dt > 1 ? [dt - 1, 1] : [dt]));
    const zeros = gaps.flatMap((dt, t) => (dt > 1 ? [[0], [signal[t]!]] : [[signal[t]!]]));
    const all = runOracle(made.description, made.tensors, zeros, undefined, apart);
    const exact = all.filter((_, i) => apart[i + 1] === undefined || zeros[i]![0] !== 0);
    expectNear(await outputsOf(made, signal, options), exact);
  });
});
