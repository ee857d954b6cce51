import { describe, expect, test } from "vitest";
import { inOrder } from "../bindings/formats/keras/call-order.js";
import { importModel } from "../bindings/formats/keras/graph.js";
import { readKerasHdf5 } from "../bindings/formats/keras/keras.js";
import { NumberedModelWeights } from "../bindings/formats/keras/numbered.js";
import { tensorOfValues } from "../bindings/tensor.js";
import { goldenFile } from "./support/golden.js";
import {
  DENSE,
  functional,
  group,
  INPUT,
  sequential,
  tensorOf,
  weights,
  type Written,
} from "./support/keras.js";
import { refusal } from "./support/torch.js";

/*
 * Options, calls and inputs of Keras: what a configuration says is done or refused, and read in bounded work.
 */

describe("an option that may do something is honoured or refused", () => {
  const named = (className: string, config: object): Written => ({
    class_name: className,
    config: { name: "it", ...config },
  });

  test.each<[string, object, string]>([
    ["Flatten", { data_format: "channels_first" }, 'data_format "channels_first"'],
    ["GlobalMaxPooling1D", { keepdims: true }, "keepdims true"],
    ["LayerNormalization", { rms_scaling: true }, "rms_scaling true"],
    ["Softmax", { gain: 2 }, "gain 2"],
    ["ReLU", { max_value: 1, softness: 1 }, "softness 1"],
    ["Dropout", { training: true }, "training true"],
    ["Dense", { activation: "linear", units: 4 }, "units 4, expected 3, as its weights have"],
    ["Dense", { activation: "linear", lora_rank: 4 }, "lora_rank 4"],
    ["Dense", { activation: "linear", quantization_config: {} }, "quantization_config {}"],
    [
      "Dense",
      { activation: "linear", dtype: { config: { name: "int8_from_float32" } } },
      'dtype {"config":{"name":"int8_from_float32"}}',
    ],
    ["Activation", {}, "activation undefined, expected an activation"],
    ["Activation", { activation: { class_name: "ReLU", config: { x: 1 } } }, "x 1"],
    ["AveragePooling1D", { pool_size: [2], strides: [1], padding: "same" }, 'padding "same"'],
  ])("%s %j", async (className, config, problem) => {
    const { code, message } = await refusal(() => sequential(named(className, config)));
    expect([code, message]).toEqual([
      "option-unsupported",
      expect.stringContaining(`layer it has ${problem}`),
    ]);
  });

  test.each<[string, object]>([
    ["Dropout", { rate: 0.5, seed: 1, noise_shape: null, trainable: false }],
    ["Dense", { activation: null, kernel_initializer: { class_name: "Zeros" }, dtype: "bfloat16" }],
    ["Dense", { activation: "linear", batch_input_shape: [null, 12, 3], kernel_constraint: {} }],
    ["Flatten", { data_format: null }],
  ])("%s loads with %j", (className, config) => {
    const flat = sequential(DENSE, { class_name: "GlobalMaxPooling1D", config: { name: "g" } });
    const { layers } = sequential(named(className, config), named("ReLU", {})).description;
    expect(layers.length).toBeLessThanOrEqual(flat.description.layers.length);
  });

  test.each([
    ["training", true],
    ["mask", tensorOf("input_layer")],
  ])("the argument %s of a call", async (name, value) => {
    const call = { args: [tensorOf("input_layer")], kwargs: { [name]: value } };
    const { message } = await refusal(() => functional({ ...DENSE, inbound_nodes: [call] }));
    expect(message).toContain(`layer dense (Dense) is called with the argument ${name} `);
  });

  test("the arguments that say nothing", () => {
    const call = { args: [tensorOf("input_layer")], kwargs: { training: false, mask: null } };
    expect(functional({ ...DENSE, inbound_nodes: [call] }).description.layers).toHaveLength(1);
  });

  test("the argument training of Keras 2", async () => {
    const call = [["input_layer", 0, 0, { training: true }]];
    const { message } = await refusal(() => functional({ ...DENSE, inbound_nodes: [call] }));
    expect(message).toContain("is called with the argument training true");
  });
});

describe("what decides numbers has no default that versions disagree on", () => {
  const recurrent = (
    className: string,
    variables: readonly (readonly number[])[],
    config: object,
  ) => {
    const vars = variables.map((shape, i) => [i, tensorOfValues(shape, new Array(100).fill(0))]);
    const cell = group({ vars: group({}, Object.fromEntries(vars)) });
    const layers = [INPUT, { class_name: className, config: { name: "it", ...config } }];
    return importModel(
      { class_name: "Sequential", config: { name: "model", layers } },
      new NumberedModelWeights(
        group({ layers: group({ [className.toLowerCase()]: group({ cell }) }) }),
      ),
      "3.15.1",
    );
  };

  test.each<[string, (readonly number[])[], object, string]>([
    ["LSTM", [[3, 4], [1, 4], [4]], {}, "recurrent_activation undefined"],
    [
      "GRU",
      [
        [3, 3],
        [1, 3],
      ],
      { recurrent_activation: "sigmoid", use_bias: false },
      "reset_after undefined",
    ],
    ["LMU", [], { order: 4, theta: 9 }, "memory_d undefined"],
  ])("%s", async (className, variables, config, problem) => {
    const { code, message } = await refusal(() => recurrent(className, variables, config));
    expect([code, message]).toEqual([
      "option-unsupported",
      expect.stringContaining(`it has ${problem}`),
    ]);
  });

  const original = (cell: object) => ({
    class_name: "Sequential",
    config: [
      {
        class_name: "RNN",
        config: {
          name: "rnn_1",
          batch_input_shape: [null, 90, 1],
          cell: { class_name: "LMUCell", config: cell },
        },
      },
      { class_name: "Dense", config: { name: "dense_1", activation: "softmax" } },
    ],
  });
  const classifier = goldenFile("legacy/keras-lmu-0.1-classifier.h5");

  test("a cell of keras-lmu 0.1 that wrote no options gets a warning, and can be told", async () => {
    const { warnings } = await readKerasHdf5(classifier);
    expect(warnings).toEqual([expect.stringContaining("hidden_activation tanh")]);
    const told = await readKerasHdf5(classifier, original({ hidden_activation: "relu" }));
    expect(told.warnings).toEqual([]);
    expect(told.description.layers[0]).toMatchObject({ hidden: { activation: "relu" } });
  });

  test("one that wrote them has all", async () => {
    const units = (await readKerasHdf5(classifier)).tensors.get("rnn_1.hidden.memory")!.shape[0]!;
    const { message } = await refusal(() => readKerasHdf5(classifier, original({ units })));
    expect(message).toContain("layer rnn_1 has hidden_activation undefined");
  });
});

describe("several inputs", () => {
  const input = (name: string, shape: readonly (number | null)[]) => ({
    class_name: "InputLayer",
    config: { name, batch_shape: [null, ...shape] },
    inbound_nodes: [],
  });
  const both = (first: readonly (number | null)[], second: readonly (number | null)[]) =>
    importModel(
      {
        class_name: "Functional",
        config: {
          name: "model",
          layers: [
            input("a", first),
            input("b", second),
            {
              class_name: "Concatenate",
              config: { name: "c" },
              inbound_nodes: [{ args: [[tensorOf("b"), tensorOf("a")]], kwargs: {} }],
            },
          ],
          input_layers: [
            ["b", 0, 0],
            ["a", 0, 0],
          ],
          output_layers: ["c", 0, 0],
        },
      },
      weights(),
      "3.15.1",
    );

  test("are slices of a row, in the order of the model", () => {
    const { description, notes } = both([12, 3], [12, 2]);
    expect(description.input).toEqual({ width: 5 });
    expect(description.layers.slice(0, 2)).toEqual([
      { name: "b", type: "slice", start: 0, width: 2 },
      { name: "a", type: "slice", start: 2, width: 3, from: ["input"] },
    ]);
    expect(notes).toEqual(["several inputs, side by side in each row: b (2), a (3)"]);
  });

  test.each([
    [[12, 3], [11, 2], "its inputs b and a have 11 and 12 steps"],
    [[3], [12, 2], "its inputs b and a have 12 and no steps"],
    [[12, 3], [null, 2], "its inputs b and a have any number of and 12 steps"],
  ])("of %j and %j are refused", async (first, second, problem) => {
    expect((await refusal(() => both(first, second))).message).toContain(problem);
  });
});

describe("padding same with a stride", () => {
  const strided = (steps: number | null) => {
    const shape = { name: "input_layer", batch_shape: [null, steps, 3] };
    const conv = { name: "conv", strides: [3], padding: "same", kernel_size: [1] };
    const vars = group(
      {},
      { 0: tensorOfValues([1, 3, 1], [1, 1, 1]), 1: tensorOfValues([1], [0]) },
    );
    const layers = [
      { class_name: "InputLayer", config: shape },
      { class_name: "Conv1D", config: conv },
    ];
    return importModel(
      { class_name: "Sequential", config: { name: "model", layers } },
      new NumberedModelWeights(group({ layers: group({ conv1d: group({ vars }) }) })),
      "3.15.1",
    ).description;
  };

  test("is that of the length, which the model keeps", () => {
    expect(strided(12)).toMatchObject({ input: { steps: 12 }, layers: [{ stride: 3 }] });
    expect(strided(12).layers[0]).not.toHaveProperty("padding");
  });

  test("is refused without a length", async () => {
    const { message } = await refusal(() => strided(null));
    expect(message).toContain("or an input of a known number of steps");
  });
});

describe("work is bounded by the size of the configuration", () => {
  test("calls in opposite order are each looked at twice", () => {
    const count = 1000;
    let looks = 0;
    const made = new Set(["input/0"]);
    const counted = { has: (key: string) => (looks++, made.has(key)) };
    // Each reads the one after it.
    const calls = Array.from({ length: count }, (_, i) => ({
      layer: { className: "ReLU", name: `n${i}`, config: {}, inboundNodes: [] },
      own: new NumberedModelWeights(group({})).layer("n", "ReLU"),
      from: ["input/0", i === count - 1 ? "input/0" : `n${i + 1}/0`],
      key: `n${i}/0`,
    }));
    const order: string[] = [];
    for (const { key } of inOrder(calls, counted)) {
      made.add(key);
      order.push(key);
    }
    expect(order).toEqual(calls.map(({ key }) => key).reverse());
    expect(looks).toBeLessThanOrEqual(4 * count);
  });

  test("a cycle is refused", async () => {
    const node = (name: string, from: string) => ({
      class_name: "ReLU",
      config: { name },
      inbound_nodes: [[[from, 0, 0, {}]]],
    });
    const { message } = await refusal(() => functional(node("a", "b"), node("b", "a")));
    expect(message).toContain("layer a never gets its input");
  });

  test("a configuration is not read again without end", async () => {
    const layer = {
      class_name: "ReLU",
      config: { name: "r", kernel_initializer: new Array(5000).fill(0) },
      inbound_nodes: new Array(2000).fill([["input_layer", 0, 0, {}]]),
    };
    const { code, message } = await refusal(() => functional(layer));
    expect([code, message]).toEqual(["model-too-large", expect.stringContaining("read")]);
  });

  test("a name is at most 1000 letters", async () => {
    const { message } = await refusal(() =>
      sequential({ class_name: "ReLU", config: { name: "n".repeat(5000) } }),
    );
    expect(message).toContain("has a name of 5000 letters");
    expect(message.length).toBeLessThan(200);
  });
});
