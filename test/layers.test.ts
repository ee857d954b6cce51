import { describe, expect, test } from "vitest";
import type { LayerDescription } from "../bindings/description.js";
import { expectOracle } from "./support/expect-oracle.js";
import { distance } from "./support/golden.js";
import { loadMadeUp, makeUp, oracleOutputs, type Shapes } from "./support/models.js";
import { Random } from "./support/random.js";

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
  ["positions", 5, [{ name: "p", type: "positions" }], { "p.weight": [200, 5] }],
  ["attention", 12, [{ name: "a", type: "attention", heads: 1 }], {}],
  ["attention of two heads", 18, [{ name: "a", type: "attention", heads: 2 }], {}],
  ["attention of a scale", 18, [{ name: "a", type: "attention", heads: 2, scale: 0.9 }], {}],
  ["attention of wide heads", 216, [{ name: "a", type: "attention", heads: 2 }], {}],
  [
    "attention twice",
    9,
    [
      { name: "a", type: "attention", heads: 3 },
      { name: "d", type: "dense" },
      { name: "b", type: "attention", heads: 1 },
    ],
    { "d.weight": [24, 3] },
  ],
  ...memoryAttentions(),
  [
    "a head tied to another layer",
    5,
    [
      { name: "e", type: "dense" },
      { name: "d", type: "dense" },
      { name: "head", type: "dense", tied: "e" },
    ],
    { "e.weight": [37, 5], "d.weight": [5, 37], "head.bias": [37] },
  ],
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

function memoryAttentions(): [string, number, readonly LayerDescription[], Shapes][] {
  return [
    [1, 4, 1],
    [6, 8, 4],
    [7, 20, 5],
    [24, 3, 9],
  ].map(([width, order, rank]) => [
    `memory attention of ${width} features, order ${order}, rank ${rank}`,
    width!,
    [{ name: "m", type: "memory-attention", order: order!, theta: 30 }],
    {
      ...Object.fromEntries(
        ["query", "key", "value"].flatMap((reader) => [
          [`m.${reader}.weight`, [rank, order]],
          [`m.${reader}.bias`, [rank]],
        ]),
      ),
      "m.mix": [rank!],
    } as Shapes,
  ]);
}

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
