import { describe, expect, test } from "vitest";
import { load } from "../bindings/index.js";
import { distance } from "./support/golden.js";
import {
  fileOf,
  type LmuChoice,
  lmuModel,
  type MadeUp,
  makeUp,
  oracleOutputs,
} from "./support/models.js";
import { Random } from "./support/random.js";

/** Of the largest output, against float64: the promise of docs/prefill.md. */
const TOLERANCE = 1e-5;

const parallel = (made: MadeUp) => load(fileOf(made), { prefill: "parallel" });

const choice = (more: Partial<LmuChoice>): LmuChoice => ({
  ...{ inputs: 2, channels: 1, order: 24, theta: 60, hidden: "rnn", units: 9 },
  ...{ isFedBack: false, remembers: false, seesInput: true, hasBias: true, isLearned: false },
  ...more,
});

/** LMUs that take many samples at once, and how. */
const MODELS: readonly (readonly [form: string | undefined, Partial<LmuChoice>])[] = [
  ["convolution", { order: 48, units: 24 }],
  ["convolution", { order: 48, hidden: "dense", units: 29 }],
  ["convolution", { order: 48, hidden: "lstm", units: 7, seesInput: false }],
  ["convolution", { hidden: "gru", units: 6, channels: 3 }],
  ["convolution", { hidden: "none" }],
  ["convolution", { hidden: "none", channels: 3 }],
  ["convolution", { hidden: "none", order: 33 }],
  ["convolution", { hidden: "none", isLearned: true, order: 64 }],
  ["projection", { isLearned: true, order: 16 }],
  ["projection", { units: 3, theta: 3000 }],
  ["projection", { hidden: "dense", units: 3, channels: 2, theta: 3000 }],
  ["projection", { hidden: "dense", units: 2, seesInput: false, hasBias: false, theta: 500 }],
  [undefined, { isFedBack: true }],
  [undefined, { remembers: true }],
  [undefined, { order: 3, theta: 5, units: 30 }],
];

const LENGTHS = [1, 37, 300];

function expectClose(output: ArrayLike<number>, exact: Float64Array): void {
  const scale = exact.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
  expect(distance(output, exact)).toBeLessThanOrEqual(TOLERANCE * scale);
}

describe.each(MODELS)("%s: %j", (form, more) => {
  const made = lmuModel(choice(more), 3);

  test("is what float64 gives, and what the report says", async () => {
    const model = await parallel(made);
    expect(model.report().layers[0]!.prefill?.form).toBe(form);
    for (const steps of LENGTHS) {
      const input = new Random(steps).floats(2 * steps);
      expectClose(model.run(input), oracleOutputs(made, input));
    }
  });

  test("goes on from where it is, in parallel and in steps", async () => {
    const stream = (await parallel(made)).stream();
    const input = new Random(4).floats(2 * 500);
    const outputs: number[] = [];
    for (const [from, to] of [
      [0, 200],
      [200, 201],
      [201, 430],
      [430, 500],
    ] as const) {
      outputs.push(...stream.push(input.subarray(2 * from, 2 * to)));
    }
    expectClose(outputs, oracleOutputs(made, input));
  });

  test("keeps its bits when it is to be exact, in batches and steps", async () => {
    const input = new Random(6).floats(2 * 3 * 90);
    const model = await parallel(made);
    const exact = (await load(fileOf(made))).run(input, { batch: 3 });
    expect(model.run(input, { batch: 3, prefill: "exact" })).toEqual(exact);
    const [stream, width] = [model.stream(), model.outputSize];
    for (let t = 0; t < 90; t++) {
      const row = stream.step(input.subarray(2 * t, 2 * t + 2));
      expect(row).toEqual(exact.subarray(t * width, (t + 1) * width));
    }
  });

  test("takes sequences of a batch as it takes each", async () => {
    const model = await parallel(made);
    const input = new Random(7).floats(2 * 20 * 150);
    const each = Array.from({ length: 20 }, (_, i) => [
      ...model.run(input.subarray(300 * i, 300 * (i + 1))),
    ]);
    expect([...model.run(input, { batch: 20 })]).toEqual(each.flat());
  });
});

describe("the last state alone", () => {
  test.each(["none", "dense"] as const)("hidden %s", async (hidden) => {
    const one = lmuModel(choice({ hidden, channels: 2 }), 8);
    const layers = [...one.description.layers, { name: "last", type: "last" } as const];
    const made: MadeUp = { ...one, description: { ...one.description, layers } };
    const model = await parallel(made);
    expect(model.report().layers[0]!.prefill?.form).toBe("boundary");
    for (const steps of [1, 16, 47, 160, 1500]) {
      const input = new Random(steps).floats(2 * steps);
      expectClose(model.run(input), oracleOutputs(made, input));
    }
    const stream = model.stream();
    const input = new Random(9).floats(2 * 100);
    stream.push(input.subarray(0, 130));
    expectClose(stream.push(input.subarray(130)), oracleOutputs(made, input));
  });
});

test("memory attention", async () => {
  const [order, rank, width] = [20, 3, 7];
  const reader = (name: string) => ({
    [`m.${name}.weight`]: [rank, order],
    [`m.${name}.bias`]: [rank],
  });
  const made = makeUp({ width }, [{ name: "m", type: "memory-attention", order, theta: 30 }], {
    ...reader("query"),
    ...reader("key"),
    ...reader("value"),
    "m.mix": [rank],
  });
  const model = await parallel(made);
  expect(model.report().layers[0]!.prefill?.form).toBe("projection");
  for (const steps of [5, 16, 77]) {
    const input = new Random(steps).floats(width * steps);
    expectClose(model.run(input), oracleOutputs(made, input));
  }
});

test("behind a convolution that looks ahead, whose rows come late", async () => {
  const one = lmuModel(choice({ order: 48, hidden: "dense", units: 29 }), 3);
  const [lmu] = one.description.layers;
  const front = makeUp({ width: 2 }, [{ name: "c", type: "convolution", padding: [1, 3] }, lmu!], {
    "c.weight": [2, 5, 2],
  });
  const made = { ...front, tensors: new Map([...one.tensors, ...front.tensors]) };
  const model = await parallel(made);
  expect(model.report().layers[1]!.prefill?.form).toBe("convolution");
  const input = new Random(1).floats(2 * 400);
  const exact = oracleOutputs(made, input);
  expectClose(model.run(input), exact);
  const stream = model.stream();
  const rows = [...stream.push(input.subarray(0, 300)), ...stream.push(input.subarray(300))];
  expectClose([...rows, ...stream.end()], exact);
});

test("taps that the bilinear rule makes longer than the window", async () => {
  const { description, tensors } = lmuModel(choice({ theta: 12 }), 3);
  const layers = description.layers.map(
    (layer) => ({ ...layer, discretizer: "bilinear" }) as typeof layer,
  );
  const made = { description: { ...description, layers }, tensors };
  const model = await parallel(made);
  expect(model.report().layers[0]!.prefill?.form).toBe("convolution");
  const input = new Random(1).floats(2 * 2000);
  expectClose(model.run(input), oracleOutputs(made, input));
});

test("stays within the tolerance of stepping for 100,000 steps, whatever the calls", async () => {
  const one = lmuModel(choice({ inputs: 1, order: 16, theta: 200, hidden: "dense", units: 10 }), 2);
  const [exact, model] = [await load(fileOf(one)), await parallel(one)];
  const input = new Random(3).floats(100_000);
  const outputs = exact.run(input);
  expect(distance(model.run(input), outputs)).toBeLessThan(TOLERANCE);
  const stream = model.stream();
  const rows = [0, 10_000, 10_001, 70_007].map((from, i, all) =>
    stream.push(input.subarray(from, all[i + 1] ?? 100_000)),
  );
  expect(
    distance(
      rows.flatMap((row) => [...row]),
      outputs,
    ),
  ).toBeLessThan(TOLERANCE);
});

test("refuses what it cannot do", async () => {
  const file = fileOf(lmuModel(choice({}), 1));
  await expect(load(file, { prefill: "quick" as "exact" })).rejects.toThrow(
    new RangeError('Cannot load the model: prefill is "quick", expected exact or parallel'),
  );
  const exact = await load(file);
  const message = 'prefill is "parallel", expected exact, or parallel if load had it';
  expect(() => exact.run([1, 2], { prefill: "parallel" })).toThrow(RangeError);
  expect(() => exact.run([1, 2], { prefill: "parallel" })).toThrow(
    `Cannot run the model: ${message}`,
  );
  expect(() => exact.stream().push([1, 2], undefined, { prefill: "parallel" })).toThrow(message);
  expect(exact.report().layers[0]).not.toHaveProperty("prefill");
  expect(() => exact.stream().last([1, 2], undefined, { fast: true } as object)).toThrow(TypeError);
});
