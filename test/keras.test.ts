import { describe, expect, test } from "vitest";
import { importModel } from "../bindings/formats/keras/graph.js";
import { NumberedModelWeights } from "../bindings/formats/keras/numbered.js";
import { isNamed, NamedModelWeights } from "../bindings/formats/keras/named.js";
import { tensorOfValues } from "../bindings/tensor.js";
import { distance } from "./support/golden.js";
import {
  called,
  DENSE,
  functional,
  group,
  INPUT,
  sequential,
  tensorOf,
  type Written,
} from "./support/keras.js";
import { modelOf, refusal } from "./support/torch.js";

/*
 * What Keras may write that is not what it looks like. Numbers are those of test/golden/layers; here is what must be
 * refused, from configurations as Keras 3.15 writes them.
 */

describe("what only has the name of a layer of Keras is refused", () => {
  test.each<[string, Written]>([
    ["a class", { class_name: "Dropout", registered_name: "my>Dropout", config: { name: "d" } }],
    [
      "a class of its own module",
      {
        class_name: "Dropout",
        module: "my>layers",
        registered_name: "Dropout",
        config: { name: "d" },
      },
    ],
    ["a class in .h5", { class_name: "my>Dropout", config: { name: "d" } }],
    [
      "a cell",
      {
        class_name: "RNN",
        config: {
          name: "rnn",
          cell: { class_name: "LSTMCell", registered_name: "my>LSTMCell", config: { units: 3 } },
        },
      },
    ],
    [
      "a wrapped layer",
      {
        class_name: "TimeDistributed",
        config: {
          name: "td",
          layer: { class_name: "Dropout", registered_name: "my>Dropout", config: { name: "d" } },
        },
      },
    ],
  ])("%s", async (_, layer) => {
    expect((await refusal(() => sequential(DENSE, layer))).message).toContain("my>");
  });

  test("an activation", async () => {
    const activation = {
      module: "builtins",
      class_name: "function",
      config: "my>relu",
      registered_name: "function",
    };
    const dense = { ...DENSE, config: { ...DENSE.config, activation } };
    const error = await refusal(async () => modelOf(await sequential(dense)));
    expect(error.message).toContain("my>relu");
  });
});

describe("arithmetic on tensors", () => {
  const multiply = { class_name: "Multiply", config: { name: "multiply" } };

  test("of two tensors is a merge", () => {
    const { layers } = called(multiply, tensorOf("dense"), tensorOf("input_layer")).description;
    expect(layers.at(-1)).toMatchObject({ type: "multiply", from: ["dense", "input"] });
  });

  test.each([
    ["x * 2", multiply, [tensorOf("dense"), 2], "argument 2"],
    [
      "1 - x",
      { class_name: "Subtract", config: { name: "s" } },
      [1, tensorOf("dense")],
      "argument 1",
    ],
    [
      "ops.average(x, axis=1)",
      { class_name: "Average", config: { name: "a" } },
      [tensorOf("dense")],
      "1 tensors",
    ],
  ])("with a number is refused: %s", async (_, layer, args, problem) => {
    const { code, message } = await refusal(() => called(layer, ...args));
    expect([code, message]).toEqual(["layer-unsupported", expect.stringContaining(problem)]);
  });
});

describe("an index", () => {
  const item = { class_name: "GetItem", config: { name: "item" } };
  const slice = (start: number | null = null) => ({
    class_name: "__slice__",
    config: { start, stop: null, step: null },
  });

  test.each([[[slice(), -1]], [[slice(), -1, slice()]]])("of the last step: %#", (index) => {
    const { layers } = called(item, tensorOf("dense"), index).description;
    expect(layers.at(-1)).toMatchObject({ name: "item/last", type: "last" });
  });

  test.each([
    [[slice(), -2, slice()]],
    [[slice(), -1, slice(1)]],
    [[slice(1), -1]],
    [[slice(), slice(), -1]],
    [[slice(), -1, slice(), slice()]],
    [-1],
  ])("of anything else is refused: %#", async (index) => {
    const { code, message } = await refusal(() => called(item, tensorOf("dense"), index));
    expect([code, message]).toEqual([
      "layer-unsupported",
      expect.stringMatching(/item \(GetItem\) is called with the argument/),
    ]);
  });

  test("of a row is refused: there it is a feature", async () => {
    const pool = { class_name: "GlobalMaxPooling1D", config: { name: "pool" } };
    const at = (from: string, ...more: unknown[]) => [{ args: [tensorOf(from), ...more] }];
    const { message } = await refusal(() =>
      functional(
        { ...pool, inbound_nodes: at("input_layer") },
        { ...item, inbound_nodes: at("pool", [slice(), -1]) },
      ),
    );
    expect(message).toMatch(/takes a feature, expected the last step/);
  });
});

test.each([
  ["Masking", /layer skip is a Masking, which skips steps by their values/],
  ["Lambda", /layer skip is a Lambda, whose code is never executed/],
  ["Reshape", /layer skip is a Reshape, expected one of LMU, /],
])("%s is refused by name", async (className, message) => {
  const error = await refusal(() =>
    sequential(DENSE, { class_name: className, config: { name: "skip" } }),
  );
  expect([error.code, error.message]).toEqual([
    "layer-unsupported",
    expect.stringMatching(message),
  ]);
});

describe("features of what has no steps", () => {
  const pool = { class_name: "GlobalMaxPooling1D", config: { name: "pool" } };
  const softmax = { class_name: "Softmax", config: { name: "softmax", axis: 1 } };
  const flatten = { class_name: "Flatten", config: { name: "flatten" } };
  const rescaling = { class_name: "Rescaling", config: { name: "rescaling", scale: 2, offset: 0 } };

  test("are axis 1 of a row and axis 2 of a sequence", async () => {
    expect(sequential(DENSE, pool, softmax).description.layers).toHaveLength(3);
    const along = { ...softmax, config: { ...softmax.config, axis: 2 } };
    expect(sequential(DENSE, along).description.layers).toHaveLength(2);
    const over = await refusal(() => sequential(DENSE, softmax));
    expect(over.message).toMatch(/softmax has axis 1, expected -1, the features/);
  });

  test("stay what they are in a Flatten", async () => {
    expect(sequential(pool, flatten, rescaling).description.layers).toHaveLength(2);
    const error = await refusal(() => sequential(flatten, rescaling));
    expect(error.message).toMatch(/rescaling \(Rescaling\) comes after a Flatten/);
  });
});

test("BatchNormalization after a Flatten has the width of its weights, all of one size", async () => {
  const layers = [
    INPUT,
    { class_name: "Flatten", config: { name: "flatten" } },
    { class_name: "BatchNormalization", config: { name: "norm" } },
  ];
  const config = { class_name: "Sequential", config: { name: "model", layers } };
  const sized = (...sizes: number[]) => {
    const tensors = sizes.map((size, i) => [
      String(i),
      tensorOfValues([size], new Array(size).fill(1)),
    ]);
    const vars = group({}, Object.fromEntries(tensors));
    const named = group({ batch_normalization: group({ vars }) });
    return new NumberedModelWeights(group({ layers: named }));
  };
  const { tensors } = importModel(config, sized(36, 36, 36, 36), "3.15.1");
  expect(tensors.get("norm.scale")!.shape).toEqual([36]);
  const { code } = await refusal(() => importModel(config, sized(36, 36, 36, 35), "3.15.1"));
  expect(code).toBe("tensor-invalid");
});

test("Normalization is exact near a mean far from zero", () => {
  const mean = [1000, -2000, 100000];
  const config = { name: "normalization", axis: [-1], mean, variance: [0.01, 1, 4] };
  const model = modelOf(sequential({ class_name: "Normalization", config }));
  const given = [1000.125, -2000.5, 100003];
  const expected = [0.125 / Math.sqrt(0.01), -0.5, 1.5];
  expect(distance(model.run(given), expected)).toBeLessThan(2e-7);
  model.dispose();
});

test("a vocabulary is found in nested models", async () => {
  const tokens = { class_name: "InputLayer", config: { name: "ids", batch_shape: [null, 9] } };
  const embedding = { class_name: "Embedding", config: { name: "embedding", input_dim: 20 } };
  const inner = {
    class_name: "Sequential",
    config: { name: "inner", layers: [tokens, embedding] },
  };
  const { groups } = group({});
  const table = group({}, { 0: tensorOfValues([20, 2], new Array(40).fill(0.5)) });
  groups.set(
    "layers",
    group({ sequential: group({ layers: group({ embedding: group({ vars: table }) }) }) }),
  );
  const { description } = importModel(
    { class_name: "Sequential", config: { name: "model", layers: [tokens, inner] } },
    new NumberedModelWeights({ ...group({}), groups }),
    "3.15.1",
  );
  expect(description.input).toEqual({ vocabulary: 20 });
});

test("mask_zero is refused by its name, not by the layers that Keras 3 makes masks with", async () => {
  const tensor = { class_name: "__keras_tensor__", config: { keras_history: ["ids", 0, 0] } };
  const called = (name: string, class_name: string, config: object, ...args: unknown[]) => ({
    ...{ name, class_name, config: { name, ...config } },
    inbound_nodes: args.length ? [{ args, kwargs: {} }] : [],
  });
  const layers = [
    called("ids", "InputLayer", { batch_shape: [null, 9] }),
    called("not_equal", "NotEqual", {}, tensor, 0),
    called("embedding", "Embedding", { input_dim: 20, mask_zero: true }, tensor),
  ];
  const ends = { input_layers: ["ids", 0, 0], output_layers: ["embedding", 0, 0] };
  const model = { class_name: "Functional", config: { name: "model", layers, ...ends } };
  const weights = new NumberedModelWeights(group({}));
  const { message } = await refusal(() => importModel(model, weights, "3.15.1"));
  expect(message).toContain(
    "layer embedding has mask_zero true, expected false: outputs are the same",
  );
});

test("two outputs of a Bidirectional are refused", async () => {
  const lstm = { class_name: "LSTM", config: { name: "lstm", return_sequences: true } };
  const config = { name: "both", layer: lstm, merge_mode: null };
  const error = await refusal(() => sequential({ class_name: "Bidirectional", config }));
  expect(error).toMatchObject({ message: expect.stringContaining("merge_mode null") });
});

test("lists of names beyond 64 KB are read from the parts that Keras 2 cuts them into", () => {
  const kernel = tensorOfValues([1], [5]);
  const bias = tensorOfValues([1], [7]);
  const layer = {
    ...{
      groups: new Map(),
      tensors: new Map(Object.entries({ "kernel:0": kernel, "bias:0": bias })),
    },
    attributes: new Map([
      ["weight_names0", ["kernel:0"]],
      ["weight_names1", ["bias:0"]],
    ]),
  };
  const groups = new Map([["dense", layer]]);
  const root = { groups, tensors: new Map(), attributes: new Map([["layer_names0", ["dense"]]]) };
  expect(isNamed(root)).toBe(true);
  const found = new NamedModelWeights(root).layer("dense").read(["kernel", "bias"]);
  expect(found).toEqual({ kernel, bias });
});
