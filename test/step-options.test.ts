import { describe, expect, test } from "vitest";
import type { Description } from "../bindings/description.js";
import { LmuError } from "../bindings/index.js";
import { loadMadeUp, type LmuChoice, lmuModel, makeUp, type Shapes } from "./support/models.js";
import { Random } from "./support/random.js";

/*
 * What a time between samples may be, what is refused, and what is kept from one to the next.
 */

const made = makeUp({ width: 1 }, [{ name: "l", type: "lmu", order: 6, theta: 30 }], {});

describe("options of Stream.step()", () => {
  test.each([
    ["dt 0", { dt: 0 }, RangeError, "dt is 0, expected a finite number above 0"],
    ["a dt below 0", { dt: -1 }, RangeError, "dt is -1"],
    ["NaN", { dt: NaN }, RangeError, "dt is NaN"],
    ["an infinite dt", { dt: Infinity }, RangeError, "dt is Infinity"],
    ["a text", { dt: "2" }, RangeError, "dt is 2, expected a finite number"],
    ["null", { dt: null }, RangeError, "dt is null"],
    ["another between", { dt: 2, between: "last" }, RangeError, "between is last, expected hold"],
    ["an unknown option", { time: 2 }, TypeError, 'options has "time", expected dt,between'],
    ["no object", 2, TypeError, "options is number, expected an object"],
  ])("%s is refused, and nothing changes", async (_, options, kind, message) => {
    const model = await loadMadeUp(made);
    const [touched, control] = [model.stream(), model.stream()];
    for (const stream of [touched, control]) stream.step(0.5, undefined, { dt: 1.5 });
    const call = () => touched.step(1, undefined, options as never);
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
    expect(touched.position).toBe(1);
    expect(touched.step(0.25)).toEqual(control.step(0.25));
  });

  test("a wrong sample or output is refused, and nothing changes", async () => {
    const model = await loadMadeUp(made);
    const [touched, control] = [model.stream(), model.stream()];
    for (const stream of [touched, control]) stream.step(0.5);
    expect(() => touched.step(NaN, undefined, { dt: 2 })).toThrow("finite 32-bit float");
    expect(() => touched.step(1, new Float32Array(5), { dt: 2 })).toThrow("output has 5 values");
    expect(touched.step(0.25)).toEqual(control.step(0.25));
  });
});

describe("layers without a clock", () => {
  const recurrent: Shapes = { "r.input": [12, 6], "r.recurrent": [12, 3] };
  const lmu = { name: "l", type: "lmu", order: 6, theta: 30 } as const;
  const plain = { order: 4, memoryActivation: "tanh", theta: 9 } as const;
  const cases: [string, Description["layers"], Shapes, string][] = [
    ["an LSTM", [lmu, { name: "r", type: "lstm" }], recurrent, "layer r has a state"],
    [
      "a convolution",
      [{ name: "c", type: "convolution" }, lmu],
      { "c.weight": [1, 3, 1] },
      "layer c has a state",
    ],
    ["a pooling", [{ name: "p", type: "pool", mode: "max", size: 2 }, lmu], {}, "layer p has a"],
    ["a global mean", [lmu, { name: "g", type: "global-pool", mode: "mean" }], {}, "layer g has a"],
    ["LMUCellODE", [{ name: "o", type: "lmu", ...plain }], {}, "layer o has gates, or an activ"],
    [
      "LMUCellGating",
      [{ name: "g", type: "lmu", order: 4 }],
      { "g.gate.input": [4, 1], "g.D": [4, 4], "g.B": [4] },
      "layer g has gates",
    ],
  ];

  test.each(cases)("%s is named, and nothing changes", async (_, layers, shapes, message) => {
    const model = await loadMadeUp(makeUp({ width: 1 }, layers, shapes));
    const [touched, control] = [model.stream(), model.stream()];
    for (const stream of [touched, control]) stream.step(0.5);
    for (const between of ["hold", "zero"] as const) {
      const call = () => touched.step(1, undefined, { dt: 2, between });
      expect(call).toThrow(LmuError);
      expect(call).toThrow(expect.objectContaining({ code: "dt-unsupported" }));
      expect(call).toThrow(message);
    }
    expect(touched.step(0.25, undefined, { dt: 1 })).toEqual(control.step(0.25));
  });

  test("matrices of the file know whole steps alone", async () => {
    const shapes = { "l.D": [6, 6], "l.B": [6] };
    const model = await loadMadeUp(makeUp({ width: 1 }, [lmu], shapes));
    const [touched, control] = [model.stream(), model.stream()];
    for (const stream of [touched, control]) stream.step(0.5, undefined, { dt: 2 });
    for (const dt of [0.5, 2.25]) {
      const call = () => touched.step(1, undefined, { dt });
      expect(call).toThrow(expect.objectContaining({ code: "dt-unsupported" }));
      expect(call).toThrow("layer l has matrices of its own");
    }
    expect(touched.step(1, undefined, { dt: 2 })).toEqual(control.step(1, undefined, { dt: 2 }));
  });

  test("a model without a past takes any time", async () => {
    const dense = makeUp({ width: 2 }, [{ name: "d", type: "dense" }], { "d.weight": [3, 2] });
    const model = await loadMadeUp(dense);
    const plain = model.stream().step([1, 2]).slice();
    expect(model.stream().step([1, 2], undefined, { dt: 7.5 })).toEqual(plain);
  });
});

describe("what is kept", () => {
  const choice: LmuChoice = {
    ...{ inputs: 1, channels: 2, order: 8, theta: 30, hidden: "rnn" as const, units: 4 },
    ...{ isFedBack: true, remembers: true, seesInput: true, hasBias: true, isLearned: false },
  };

  test("makes no difference: the same bits in any company, and after more times than are kept", async () => {
    const random = new Random(1);
    const gaps = Array.from({ length: 150 }, () => ({ dt: 10 * random.next() }));
    const [crowded, alone] = [
      await loadMadeUp(lmuModel(choice, 1)),
      await loadMadeUp(lmuModel(choice, 1)),
    ];
    const [one, other, again] = [crowded.stream(), crowded.stream(), crowded.stream()];
    const first = gaps.map((options) => {
      other.step(random.next(), undefined, { dt: 20 * random.next(), between: "zero" });
      return one.step(0.5, undefined, options).slice();
    });
    const { memoryBytes } = crowded.report();
    const opened = Array.from({ length: 40 }, () => crowded.stream());
    expect(gaps.map((options) => again.step(0.5, undefined, options).slice())).toEqual(first);
    const stream = alone.stream();
    expect(gaps.map((options) => stream.step(0.5, undefined, options).slice())).toEqual(first);
    // 64 matrices of 8 × 8, two lists and some scratch, in pages.
    expect(memoryBytes).toBeLessThanOrEqual(4 * 65536);
    expect(opened[39]!.step(0.5)).toEqual(alone.stream().step(0.5));
  });

  test("is no more than the bound, and leaves open streams alone", async () => {
    const layers = [{ name: "l", type: "lmu", order: 128, theta: 300 }] as const;
    const model = await loadMadeUp(makeUp({ width: 1 }, layers, {}));
    const [touched, idle] = [model.stream(), model.stream()];
    const control = (await loadMadeUp(makeUp({ width: 1 }, layers, {}))).stream();
    for (const stream of [idle, control]) stream.step(0.5);
    const before = model.report().memoryBytes;
    for (let i = 1; i <= 70; i++) touched.step(0.5, undefined, { dt: i / 128 });
    // 64 of 128 × 128 with their lists, the scratch of one, and a page begun.
    const bound = 64 * (128 * 128 * 4 + 1024) + (3 * 128 + 2) * 128 * 8 + 65536;
    expect(model.report().memoryBytes - before).toBeLessThanOrEqual(bound);
    expect(idle.step(0.25)).toEqual(control.step(0.25));
  });
});
