import { describe, expect, test } from "vitest";
import type { LayerDescription } from "../bindings/description.js";
import { decoder } from "../bindings/legendre.js";
import { distance, goldenTensors, valuesOf } from "./support/golden.js";
import { loadMadeUp, makeUp, oracleOutputs } from "./support/models.js";
import { Random } from "./support/random.js";
import { checkpointOf, FILES, ioPath, modelOf } from "./support/torch.js";

/*
 * What streams say of their past, judged by the memory in float64 and its decoder, and by the past itself.
 */

type Lmu = Extract<LayerDescription, { type: "lmu" }>;

/** A model of one memory, which is its output. */
const memoryOf = (order: number, theta: number, more: Partial<Lmu> = {}) =>
  makeUp({ width: 1 }, [{ name: "lmu", type: "lmu", order, theta, ...more }], {});

/** A stream after a signal, and what makes its memory in float64. */
async function after(made: ReturnType<typeof memoryOf>, signal: Float32Array) {
  const stream = (await loadMadeUp(made)).stream();
  stream.push(signal);
  return { stream, exact: (order: number) => oracleOutputs(made, signal).slice(-order) };
}

/** The window in float64 at delays in steps. */
function decoded(m: Float64Array, theta: number, delays: readonly number[]): number[] {
  const fractions = delays.map((delay) => Math.min(1, (delay + 0.5) / theta));
  const W = decoder(m.length, fractions);
  return delays.map((_, k) => m.reduce((sum, value, i) => sum + W[k * m.length + i]! * value, 0));
}

const SIZES = [
  [1, 4],
  [2, 1],
  [6, 17.3],
  [7, 0.4],
  [32, 100],
  [64, 100_000],
  [256, 784],
] as const;

describe("window()", () => {
  test.each(SIZES)("order %i, theta %d: the memory's decoder in float64", async (order, theta) => {
    const signal = new Random(order).floats(400);
    const { stream, exact } = await after(memoryOf(order, theta), signal);
    const m = exact(order);
    const delays = [0, 0.25, 1 / 3, 0.5, 0.9, 1].map((part) => part * theta);
    for (const delay of delays) {
      const [value] = stream.window("lmu", { from: delay, to: delay, samples: 1 });
      // Rounding of the memory to f32, which the ends of the window sum up.
      expect(Math.abs(value! - decoded(m, theta, [delay])[0]!)).toBeLessThan(4e-6 * order);
    }
  });

  // Bounds of docs/looking-back.md.
  test.each([
    [6, 40],
    [12, 100],
    [16, 64],
    [32, 100],
    [64, 256],
    [256, 784],
  ])("order %i, theta %i: sines are the past", async (order, theta) => {
    for (const [part, anywhere, inside] of [
      [16, 0.004, 0.001],
      [8, 0.02, 0.01],
    ] as const) {
      const w = (2 * Math.PI * order) / part / theta;
      const length = 5 * theta + 17;
      const signal = Float32Array.from({ length }, (_, t) => Math.sin(w * t));
      const { stream } = await after(memoryOf(order, theta), signal);
      const past = signal.slice(-theta).reverse();
      const window = stream.window("lmu");
      expect(window).toHaveLength(theta);
      expect(distance(window, past)).toBeLessThan(anywhere);
      const [first, last] = [0.1 * theta, 0.9 * theta];
      expect(distance(window.slice(first, last), past.slice(first, last))).toBeLessThan(inside);
    }
  });

  test("goes from `from` to `to`, one value a step unless told", async () => {
    const { stream } = await after(memoryOf(8, 20.5), new Random(1).floats(50));
    const all = stream.window("lmu");
    expect(all).toHaveLength(20);
    expect(stream.window(0, { from: 0, to: 19.5 })).toEqual(all);
    const backwards = stream.window("lmu", { from: 19.5, to: 0 });
    expect(distance(backwards.reverse(), all)).toBeLessThan(1e-6);
    expect(stream.window("lmu", { from: 3, to: 7 })).toHaveLength(5);
    const output = new Float32Array(2);
    expect(stream.window("lmu", { from: 19.5, to: 0, output })).toBe(output);
    expect([...output]).toEqual([all[19], all[0]]);
    // The window ends half a step before theta.
    const [end, beyond] = stream.window("lmu", { from: 20, to: 20.5, samples: 2 });
    expect(beyond).toBe(end);
    const long = await after(memoryOf(4, 1e6), new Random(1).floats(50));
    expect(long.stream.window("lmu")).toHaveLength(1024);
  });

  test("of a constant is the constant", async () => {
    for (const theta of [9, 3000]) {
      const { stream } = await after(memoryOf(9, theta), new Float32Array(50_000).fill(0.7));
      expect(
        distance(stream.window("lmu", { samples: 50 }), new Float32Array(50).fill(0.7)),
      ).toBeLessThan(1e-6);
    }
  });

  test("reads what a long window keeps beyond f32", async () => {
    for (const [theta, isF32] of [
      [2000, true],
      [3000, false],
    ] as const) {
      const { stream } = await after(memoryOf(9, theta), new Random(1).floats(500));
      const mean = stream.mean("lmu");
      expect(Math.abs(Math.fround(mean) - mean) < 1e-12).toBe(isF32);
    }
  });
});

describe("mean(), slope() and energy()", () => {
  /** Means over 4,000 points of each step of a range. */
  function reference(m: Float64Array, theta: number, from: number, to: number) {
    const end = Math.min(theta, to + 1);
    const first = Math.max(0, Math.min(from, end - 1));
    const points = 4000;
    const steps = end - first;
    const ages = Array.from({ length: points }, (_, i) => first + ((i + 0.5) * steps) / points);
    const values = decoded(
      m,
      theta,
      ages.map((age) => age - 0.5),
    );
    let [mean, energy, slope] = [0, 0, 0];
    values.forEach((value, i) => {
      mean += value / points;
      energy += (value * value * steps) / points;
      slope -= (((ages[i]! - (first + end) / 2) * value) / points) * (12 / steps ** 2);
    });
    return { mean, slope, energy };
  }

  test.each([
    [1, 5, 0, 4],
    [2, 30, 0, 29],
    [5, 30, 0, 29],
    [8, 30, 4, 4],
    [12, 50, 10, 20],
    [12, 50, 49, 50],
    [33, 64.5, 0, 12],
    [6, 0.5, 0, 0.5],
  ])(
    "order %i, theta %d: those of the decoded samples %d to %d",
    async (order, theta, from, to) => {
      const { stream, exact } = await after(memoryOf(order, theta), new Random(2).floats(300));
      const m = exact(order);
      const expected = reference(m, theta, from, to);
      const scale = 1e-5 * (1 + Math.abs(expected.slope) + expected.energy);
      for (const range of [
        { from, to },
        { from: to, to: from },
      ]) {
        expect(Math.abs(stream.mean("lmu", range) - expected.mean)).toBeLessThan(scale);
        expect(Math.abs(stream.slope("lmu", range) - expected.slope)).toBeLessThan(10 * scale);
        expect(Math.abs(stream.energy("lmu", range) - expected.energy)).toBeLessThan(10 * scale);
      }
    },
  );

  test("of a slow signal are those of its samples", async () => {
    const signal = Float32Array.from({ length: 900 }, (_, t) => 1 + 0.01 * t + Math.sin(t / 40));
    const { stream } = await after(memoryOf(24, 200), signal);
    const past = signal.slice(-60).reverse();
    const mean = past.reduce((sum, x) => sum + x / 60, 0);
    const slope = past.reduce((sum, x, k) => sum - ((k - 29.5) * x * 12) / (60 ** 3 - 60), 0);
    const energy = past.reduce((sum, x) => sum + x * x, 0);
    const range = { from: 0, to: 59 };
    expect(stream.mean("lmu", range) / mean).toBeCloseTo(1, 4);
    expect(stream.slope("lmu", range) / slope).toBeCloseTo(1, 2);
    expect(stream.energy("lmu", range) / energy).toBeCloseTo(1, 4);
    expect(stream.mean("lmu")).toBe(stream.memory("lmu")[0]);
  });

  test("of a memory larger than any before, too", async () => {
    const { stream } = await after(memoryOf(300, 900), new Random(1).floats(50));
    expect(stream.mean("lmu")).toBeCloseTo(stream.memory("lmu")[0]!, 6);
  });

  test("a range far smaller than the window loses nothing", async () => {
    const { stream } = await after(memoryOf(2, 1e6), new Random(1).floats(1000));
    const slope = stream.slope("lmu", { from: 500, to: 500 });
    expect(slope / stream.slope("lmu")).toBeCloseTo(1, 12);
  });
});

describe("memory() and hidden()", () => {
  test.each(FILES.filter(([path]) => /torch\/torch-lmu-.*pt$/.test(path)))(
    "%s: the last state that PyTorch gave",
    async (path, layers) => {
      const io = goldenTensors(ioPath(path));
      const model = modelOf(await checkpointOf(path, layers));
      const input = valuesOf(io.get("input")!);
      const length = input.length / 2;
      const [memory, hidden] = ["last_memory", "last_hidden"].map((name) =>
        valuesOf(io.get(name)!),
      );
      const half = (values: Float64Array, b: number) =>
        values.subarray((b * values.length) / 2, ((b + 1) * values.length) / 2);
      const stream = model.stream();
      for (const b of [0, 1]) {
        stream.reset();
        stream.push(input.subarray(b * length, (b + 1) * length));
        expect(distance(stream.memory(0), half(memory!, b))).toBeLessThan(2e-5);
        expect(distance(stream.hidden(0), half(hidden!, b))).toBeLessThan(2e-5);
      }
    },
  );

  test("one channel of several, and all of them, in the caller's arrays", async () => {
    const made = makeUp({ width: 2 }, [{ name: "lmu", type: "lmu", order: 5, theta: 3000 }], {
      "lmu.encoder.input": [3, 2],
    });
    const signal = new Random(3).floats(200);
    const stream = (await loadMadeUp(made)).stream();
    stream.push(signal);
    const m = oracleOutputs(made, signal).slice(-15);
    const all = stream.memory("lmu");
    expect(distance(all, m)).toBeLessThan(1e-6);
    const output = new Float32Array(5);
    expect(stream.memory("lmu", { channel: 2, output })).toBe(output);
    expect(output).toEqual(all.subarray(10));
    const range = { from: 10, to: 40 };
    const values = stream.window("lmu", { ...range, channel: 2 });
    const delays = Array.from({ length: 31 }, (_, i) => 10 + i);
    expect(distance(values, decoded(m.subarray(10), 3000, delays))).toBeLessThan(1e-6);
    const into = new Float32Array(15);
    expect(stream.memory("lmu", { output: into })).toBe(into);
    expect(into).toEqual(all);
  });

  test("a memory that is kept as it is, and a layer behind strides", async () => {
    for (const more of [{ memoryActivation: "tanh" }, { discretizer: "bilinear" }] as const) {
      const { stream, exact } = await after(memoryOf(5, 20, more), new Random(4).floats(60));
      expect(distance(stream.memory("lmu"), exact(5))).toBeLessThan(1e-6);
    }
    const made = makeUp(
      { width: 1 },
      [
        { name: "half", type: "convolution", stride: 2 },
        { name: "lmu", type: "lmu", order: 12, theta: 20 },
      ],
      { "half.weight": [1, 1, 1] },
    );
    const stream = (await loadMadeUp(made)).stream();
    const scale = made.tensors.get("half.weight")!.values[0]!;
    stream.push(Float32Array.from({ length: 200 }, (_, t) => Math.sin(t / 20)));
    const past = Array.from({ length: 20 }, (_, k) => scale * Math.sin((198 - 2 * k) / 20));
    expect(distance(stream.window(1), past)).toBeLessThan(3e-3);
  });
});
