import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LayerDescription } from "../bindings/description.js";
import { distance } from "./support/golden.js";
import {
  loadMadeUp,
  type LmuChoice,
  lmuModel,
  makeUp,
  type MadeUp,
  oracleOutputs,
  type Shapes,
} from "./support/models.js";
import { discretize } from "../bindings/legendre.js";
import { Random } from "./support/random.js";

/** f32 against the float64 oracle, for outputs of scale 1: 30 steps through at most four layers. */
const TOLERANCE = 1e-5;

const choices: fc.Arbitrary<LmuChoice> = fc.record({
  inputs: fc.integer({ min: 1, max: 9 }),
  channels: fc.integer({ min: 1, max: 6 }),
  order: fc.oneof(fc.integer({ min: 1, max: 24 }), fc.integer({ min: 1, max: 300 })),
  theta: fc.double({ min: 4, max: 500, noNaN: true }),
  hidden: fc.constantFrom("none", "dense", "rnn", "lstm", "gru"),
  units: fc.integer({ min: 1, max: 40 }),
  isFedBack: fc.boolean(),
  remembers: fc.boolean(),
  seesInput: fc.boolean(),
  hasBias: fc.boolean(),
  isLearned: fc.boolean(),
});

/** Keeps the oracle's work within bounds. */
function bounded(choice: LmuChoice): LmuChoice {
  const order =
    choice.channels * choice.order > 300 ? Math.ceil(300 / choice.channels) : choice.order;
  return { ...choice, order };
}

describe("an LMU with any options", () => {
  test("gives the oracle's numbers; run, stream and batch the same bits", async () => {
    await fc.assert(
      fc.asyncProperty(choices, fc.nat(), async (raw, seed) => {
        const choice = bounded(raw);
        const made = lmuModel(choice, seed);
        const model = await loadMadeUp(made);
        const random = new Random(seed);
        const steps = 1 + random.integer(90);
        const batch = 1 + random.integer(19);
        const input = random.floats(batch * steps * choice.inputs);
        const output = model.run(input, { batch });
        const rows = steps * model.outputSize;
        const one = input.subarray(0, steps * choice.inputs);
        const exact = oracleOutputs(made, one);
        const scale = exact.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
        expect(distance(output.subarray(0, rows), exact)).toBeLessThanOrEqual(TOLERANCE * scale);
        const last = input.subarray((batch - 1) * steps * choice.inputs);
        expect(model.run(last)).toEqual(output.subarray((batch - 1) * rows));
        const stream = model.stream();
        const streamed: number[] = [];
        for (let t = 0; t < steps;) {
          const taken = Math.min(1 + random.integer(80), steps - t);
          const chunk = last.subarray(t * choice.inputs, (t + taken) * choice.inputs);
          streamed.push(...(taken === 1 ? stream.step(chunk) : stream.push(chunk)));
          t += taken;
        }
        expect(Float32Array.from(streamed)).toEqual(output.subarray((batch - 1) * rows));
        model.dispose();
      }),
      { numRuns: 120, seed: 20 },
    );
  });

  test("without an encoder the input is written into the memory as it is", async () => {
    const layer: LayerDescription = { name: "lmu", type: "lmu", order: 5, theta: 12 };
    await expectOracle(makeUp({ width: 3 }, [layer], {}), 25);
  });

  test("a window of 16,000 steps is as accurate as a short one", async () => {
    const [order, theta] = [4, 16_000];
    const layer: LayerDescription = { name: "lmu", type: "lmu", order, theta };
    const model = await loadMadeUp(makeUp({ width: 1 }, [layer], {}));
    const { A, B } = discretize(order, theta);
    let memory = Array.from({ length: order }, () => 0);
    for (let t = 0; t < 2 * theta; t++) {
      memory = memory.map((_, i) =>
        memory.reduce((sum, value, j) => sum + A[i * order + j]! * value, B[i]!),
      );
    }
    const output = model.run(new Float32Array(2 * theta).fill(1)).subarray(-order);
    // Updates of single floats stand still 5.7e-5 before.
    expect(distance(output, memory)).toBeLessThan(1e-6);
    model.dispose();
  });

  test.each([1, 4, 5, 8])("in silence a memory of order %i fades to zero itself", async (order) => {
    const layer: LayerDescription = { name: "lmu", type: "lmu", order, theta: 4 * order };
    const model = await loadMadeUp(makeUp({ width: 1 }, [layer], {}));
    const stream = model.stream();
    stream.step(1);
    const outputs = stream.push(new Float32Array(20_000)).map(Math.abs);
    // LMU coordinates are √(2i + 1) times those kept inside.
    expect(outputs.every((value) => value === 0 || value >= 1e-30)).toBe(true);
    expect(outputs.subarray(-order)).toEqual(new Float32Array(order));
    model.dispose();
  });

  test.each(["zoh", "euler", "bilinear"] as const)("discretizer %s", async (discretizer) => {
    const layer: LayerDescription = { name: "lmu", type: "lmu", order: 8, theta: 64, discretizer };
    await expectOracle(makeUp({ width: 1 }, [layer], {}), 100);
  });

  test("an activation of the memory acts on the coordinates that the file means", async () => {
    const layer = { name: "lmu", type: "lmu", order: 5, theta: 12 } as const;
    await expectOracle(makeUp({ width: 1 }, [{ ...layer, memoryActivation: "tanh" }], {}), 40);
  });

  test("encoder, memory and gate activations", async () => {
    const hidden = { type: "rnn", activation: "tanh" } as const;
    const layer: LayerDescription = {
      name: "lmu",
      type: "lmu",
      order: 6,
      encoderActivation: "relu",
      memoryActivation: "tanh",
      gateActivation: "sigmoid",
      hidden,
    };
    const shapes = {
      ...{
        "lmu.encoder.input": [1, 2],
        "lmu.encoder.hidden": [1, 7],
        "lmu.encoder.memory": [1, 6],
      },
      ...{ "lmu.gate.input": [6, 2], "lmu.gate.hidden": [6, 7], "lmu.gate.bias": [6] },
      ...{
        "lmu.hidden.memory": [7, 6],
        "lmu.hidden.recurrent": [7, 7],
        "lmu.D": [6, 6],
        "lmu.B": [6],
      },
    };
    await expectOracle(makeUp({ width: 2 }, [layer], shapes), 40);
  });
});

describe("a sequence of any length", () => {
  const pooled = async (mode: "max" | "mean") =>
    (
      await loadMadeUp(makeUp({ width: 1 }, [{ name: "g", type: "global-pool", mode }], {}))
    ).stream();

  test("has the mean of its samples after more steps than a float can count", async () => {
    const stream = await pooled("mean");
    const chunk = new Float32Array(2 ** 16).fill(0.3);
    let mean = 0;
    for (let i = 0; i < 2 ** 9 + 1; i++) mean = stream.push(chunk)[0]!;
    expect(mean).toBe(Math.fround(0.3));
  });

  test("keeps what a large sample would swallow", async () => {
    const stream = await pooled("mean");
    stream.step(2 ** 60);
    for (let i = 0; i < 2 ** 10; i++) stream.push(new Float32Array(2 ** 10).fill(1));
    expect(stream.step(-(2 ** 60))[0]).toBe(Math.fround(2 ** 20 / (2 ** 20 + 2)));
  });
});

describe.each(["rnn", "lstm", "gru"] as const)("in silence a %s without biases", (type) => {
  test("fades to zero itself, not through the subnormal numbers", async () => {
    const gates = { rnn: 1, lstm: 4, gru: 3 }[type];
    const made = makeUp({ width: 1 }, [{ name: "r", type }], {
      "r.input": [gates * units, 1],
      "r.recurrent": [gates * units, units],
    });
    const stream = (await loadMadeUp(made)).stream();
    stream.step(1);
    const outputs = stream.push(new Float32Array(3000)).map(Math.abs);
    expect(outputs.some((value) => value > 1e-30 && value < 1e-20)).toBe(true);
    expect(outputs.filter((value) => value !== 0 && value < 1e-37)).toHaveLength(0);
    expect(outputs.subarray(-units)).toEqual(new Float32Array(units));
  });
});

/** Checks a made-up model against the oracle. */
async function expectOracle(made: MadeUp, steps: number, tolerance = TOLERANCE): Promise<void> {
  const model = await loadMadeUp(made);
  const random = new Random(steps);
  const { width, vocabulary } = made.description.input;
  const input =
    vocabulary === undefined
      ? random.floats(steps * width)
      : Int32Array.from({ length: steps }, () => random.integer(vocabulary));
  const exact = oracleOutputs(made, input);
  const scale = exact.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  const output = model.run(input);
  expect(distance(output, exact)).toBeLessThanOrEqual(tolerance * scale);
  if (model.report().notStreamable) return;
  const stream = model.stream();
  const rows: number[] = [];
  for (let t = 0; t < steps; t++) {
    const chunk = input.subarray(t * model.inputSize, (t + 1) * model.inputSize);
    rows.push(...stream.push(chunk));
  }
  const rest = stream.end();
  const streamed = model.returnsSequence ? [...rows, ...rest] : rest;
  expect(Float32Array.from(streamed)).toEqual(output);
}

const units = 6;
const recurrent = (name: string, gates: number, inputs: number): Shapes => ({
  [`${name}.input`]: [gates * units, inputs],
  [`${name}.recurrent`]: [gates * units, units],
  [`${name}.bias`]: [gates * units],
});

/** One model per layer type and option; [name, input width, layers, shapes]. */
const MODELS: readonly [string, number, readonly LayerDescription[], Shapes][] = [
  [
    "dense",
    5,
    [{ name: "d", type: "dense", activation: "relu" }],
    { "d.weight": [7, 5], "d.bias": [7] },
  ],
  ["dense without bias", 5, [{ name: "d", type: "dense" }], { "d.weight": [33, 5] }],
  ["softmax", 3, [{ name: "d", type: "dense", activation: "softmax" }], { "d.weight": [10, 3] }],
  ["rnn", 4, [{ name: "r", type: "rnn", activation: "relu" }], recurrent("r", 1, 4)],
  ["lstm", 4, [{ name: "r", type: "lstm" }], recurrent("r", 4, 4)],
  [
    "lstm with other activations",
    4,
    [{ name: "r", type: "lstm", activation: "softsign", gateActivation: "hard_sigmoid" }],
    recurrent("r", 4, 4),
  ],
  [
    "gru",
    4,
    [{ name: "r", type: "gru" }],
    { ...recurrent("r", 3, 4), "r.recurrent_bias": [units] },
  ],
  [
    "lstm with a projection",
    4,
    [{ name: "r", type: "lstm" }],
    {
      ...{ "r.input": [4 * units, 4], "r.recurrent": [4 * units, 3], "r.bias": [4 * units] },
      "r.projection": [3, units],
    },
  ],
  ["gru, reset before", 4, [{ name: "r", type: "gru", resetAfter: false }], recurrent("r", 3, 4)],
  ["scale", 5, [{ name: "s", type: "scale" }], { "s.scale": [5], "s.shift": [5] }],
  [
    "layer-norm",
    9,
    [{ name: "n", type: "layer-norm", epsilon: 1e-3 }],
    { "n.scale": [9], "n.shift": [9] },
  ],
  ["layer-norm without weights", 9, [{ name: "n", type: "layer-norm", epsilon: 1e-3 }], {}],
  [
    "activation",
    6,
    [{ name: "a", type: "activation", activation: { type: "elu", alpha: 0.5 } }],
    {},
  ],
  ["last", 6, [{ name: "l", type: "last" }], {}],
  ["reverse", 6, [{ name: "l", type: "reverse" }], {}],
  ["max of the sequence", 6, [{ name: "g", type: "global-pool", mode: "max" }], {}],
  ["mean of the sequence", 6, [{ name: "g", type: "global-pool", mode: "mean" }], {}],
  ["max pooling", 6, [{ name: "p", type: "pool", mode: "max", size: 3 }], {}],
  ["mean pooling", 6, [{ name: "p", type: "pool", mode: "mean", size: 4, stride: 3 }], {}],
  ...convolutions(),
  [
    "slices, one across a vector's end",
    7,
    [
      { name: "a", type: "slice", start: 0, width: 2 },
      { name: "b", type: "slice", start: 2, width: 5, from: ["input"] },
      { name: "d", type: "dense" },
      { name: "both", type: "concatenate", from: ["d", "a", "b"] },
    ],
    { "d.weight": [3, 5] },
  ],
  [
    "skip connection",
    6,
    [
      { name: "d", type: "dense", activation: "tanh" },
      { name: "sum", type: "add", from: ["d", "input"] },
      { name: "side", type: "concatenate", from: ["sum", "input", "d"] },
      { name: "mean", type: "mean", from: ["sum", "d", "input"] },
      { name: "out", type: "concatenate", from: ["side", "mean"] },
    ],
    { "d.weight": [6, 6] },
  ],
  [
    "multiply, subtract, maximum, minimum",
    5,
    [
      { name: "d", type: "dense" },
      { name: "a", type: "multiply", from: ["d", "input"] },
      { name: "b", type: "subtract", from: ["a", "d"] },
      { name: "c", type: "maximum", from: ["a", "b"] },
      { name: "e", type: "minimum", from: ["c", "input", "d"] },
    ],
    { "d.weight": [5, 5] },
  ],
];

function convolutions(): [string, number, readonly LayerDescription[], Shapes][] {
  const layer = (rest: object) =>
    [{ name: "c", type: "convolution", ...rest }] as LayerDescription[];
  const shapes = (outputs: number, taps: number, inputs: number) => ({
    "c.weight": [outputs, taps, inputs],
    "c.bias": [outputs],
  });
  return [
    ["convolution, causal", 5, layer({ padding: [2, 0], activation: "relu" }), shapes(7, 3, 5)],
    ["convolution, valid", 5, layer({}), shapes(9, 4, 5)],
    ["convolution, looking ahead", 5, layer({ padding: [1, 2] }), shapes(4, 4, 5)],
    ["convolution, strided", 5, layer({ stride: 3, padding: [1, 1] }), shapes(4, 4, 5)],
    ["convolution, stride beyond taps", 5, layer({ stride: 4 }), shapes(4, 2, 5)],
    ["convolution, dilated", 5, layer({ dilation: 3, padding: [6, 0] }), shapes(4, 3, 5)],
    ["convolution, dilated and strided", 3, layer({ dilation: 2, stride: 2 }), shapes(6, 3, 3)],
    ["convolution, grouped", 6, layer({ groups: 3, padding: [2, 0] }), shapes(9, 3, 2)],
    ["convolution, depthwise", 6, layer({ groups: 6, padding: [2, 0] }), shapes(6, 3, 1)],
    ["convolution, padded beyond its span", 4, layer({ padding: [5, 4] }), shapes(4, 2, 4)],
    [
      "convolution, its last window in the zeros",
      2,
      layer({ stride: 5, padding: [0, 4] }),
      shapes(4, 2, 2),
    ],
    [
      "convolution, zeros behind and half skipped",
      2,
      layer({ stride: 9, padding: [1, 6] }),
      shapes(4, 2, 2),
    ],
  ];
}

describe("every layer gives the oracle's numbers", () => {
  test("the zeros behind a sequence are zeros, whatever another sequence left there", async () => {
    const layer = { name: "c", type: "convolution", stride: 10, padding: [0, 9] } as const;
    const made = makeUp({ width: 1 }, [layer], { "c.weight": [1, 2, 1] });
    const model = await loadMadeUp(made);
    for (let steps = 63; steps < 69; steps++) {
      model.run(new Float32Array(200).fill(1000));
      const input = new Random(steps).floats(steps);
      const exact = oracleOutputs(made, input);
      expect(distance(model.run(input), exact)).toBeLessThan(1e-6);
    }
    model.dispose();
  });

  test.each(MODELS)("%s", async (_, width, layers, shapes) => {
    for (const steps of [13, 70, 200]) {
      await expectOracle(makeUp({ width }, layers, shapes, steps), steps);
    }
  });

  test("embedding of token ids", async () => {
    const layers: LayerDescription[] = [
      { name: "e", type: "embedding" },
      { name: "r", type: "gru" },
    ];
    const shapes = { "e.weight": [37, 5], ...recurrent("r", 3, 5) };
    await expectOracle(makeUp({ vocabulary: 37 }, layers, shapes), 80);
  });

  test("flatten of a fixed number of steps", async () => {
    const layers: LayerDescription[] = [
      { name: "c", type: "convolution", stride: 2 },
      { name: "f", type: "flatten" },
      { name: "d", type: "dense" },
    ];
    const shapes = { "c.weight": [3, 2, 4], "d.weight": [2, 10 * 3] };
    await expectOracle(makeUp({ width: 4, steps: 20 }, layers, shapes), 20);
  });

  test("a chain with convolutions that look ahead, skipped and strided", async () => {
    const layers: LayerDescription[] = [
      { name: "a", type: "convolution", padding: [1, 1], activation: "tanh" },
      { name: "b", type: "convolution", padding: [2, 2] },
      { name: "s", type: "convolution", stride: 2, padding: [0, 1] },
      { name: "r", type: "lstm" },
      { name: "l", type: "last" },
      { name: "d", type: "dense", activation: "softmax" },
    ];
    const shapes = {
      ...{ "a.weight": [5, 3, 4], "b.weight": [6, 5, 5], "s.weight": [4, 3, 6] },
      ...recurrent("r", 4, 4),
      "d.weight": [3, units],
    };
    await expectOracle(makeUp({ width: 4 }, layers, shapes), 61);
  });

  test("both directions", async () => {
    const layers: LayerDescription[] = [
      { name: "forward", type: "gru", from: ["input"] },
      { name: "turned", type: "reverse", from: ["input"] },
      { name: "backward", type: "gru" },
      { name: "back", type: "reverse" },
      { name: "both", type: "concatenate", from: ["forward", "back"] },
    ];
    const shapes = { ...recurrent("forward", 3, 4), ...recurrent("backward", 3, 4) };
    await expectOracle(makeUp({ width: 4 }, layers, shapes), 150);
  });
});
