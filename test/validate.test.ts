import { describe, expect, test } from "vitest";
import { load, LmuError } from "../bindings/index.js";
import type { LayerDescription } from "../bindings/description.js";
import { validateDescription } from "../bindings/validate.js";
import { fileOf, makeUp, type Shapes } from "./support/models.js";

const valid = { version: 1, input: { width: 2 }, layers: [{ name: "a", type: "last" }] };

describe("validateDescription()", () => {
  test("passes a description through", () => {
    expect(validateDescription(valid)).toBe(valid);
  });

  const layer = (rest: object) => ({ ...valid, layers: [{ name: "a", ...rest }] });

  test.each([
    [null, "the model description is null, expected an object"],
    [[], "the model description is [], expected an object"],
    [{ ...valid, version: 2 }, "version 2, expected 1 (a newer file needs a newer lmu-wasm)"],
    [{ ...valid, extra: 1 }, 'the unknown field "extra"'],
    [{ ...valid, input: {} }, "input {}, expected either width or vocabulary"],
    [{ ...valid, input: { width: 1, vocabulary: 2 } }, "expected either width or vocabulary"],
    [{ ...valid, input: { width: 0 } }, "width 0, expected an integer from 1"],
    [{ ...valid, input: { width: 1e9 } }, "width 1000000000, expected an integer from 1 to"],
    [{ ...valid, layers: [] }, "layers [], expected a list of 1 to 10000 layers"],
    [{ ...valid, layers: [null] }, "layer 0 is null, expected an object"],
    [
      { ...valid, layers: [{ type: "last" }] },
      "layer 0 has name undefined, expected a unique text",
    ],
    [{ ...valid, layers: [...valid.layers, ...valid.layers] }, 'layer 1 has name "a"'],
    [{ ...valid, output: "b" }, 'output is "b", expected the name of a layer'],
    [layer({ type: "transformer", heads: 4 }), 'layer a has type "transformer" with {"name":"a"'],
    [layer({ type: "toString" }), 'type "toString"'],
    [layer({ type: "__proto__" }), 'type "__proto__"'],
    [layer({ type: "last", from: ["b"] }), 'layer a reads "b", expected a layer before it'],
    [layer({ type: "last", from: [] }), "from [], expected a list of names"],
    [layer({ type: "last", foo: 1 }), 'layer a has the unknown field "foo"'],
    [layer({ type: "lmu" }), "layer a has order undefined, expected an integer from 1 to 2048"],
    [layer({ type: "lmu", order: 4096 }), "order 4096"],
    [layer({ type: "lmu", order: 4, theta: -1 }), "theta -1, expected a number above 0"],
    [
      layer({ type: "lmu", order: 4, discretizer: "rk4" }),
      'discretizer "rk4", expected one of zoh',
    ],
    [layer({ type: "lmu", order: 4, hidden: 5 }), "hidden 5, expected an object"],
    [
      layer({ type: "lmu", order: 4, hidden: { type: "cnn" } }),
      "an object with type dense, rnn, lstm, gru",
    ],
    [layer({ type: "lmu", order: 4, hidden: { type: "rnn", units: 4 } }), 'unknown field "units"'],
    [
      layer({ type: "dense", activation: "nope" }),
      'layer a has activation "nope", expected one of linear',
    ],
    [
      layer({ type: "dense", activation: { type: "elu", alpha: "x" } }),
      'alpha "x", expected alpha',
    ],
    [layer({ type: "dense", activation: { type: "relu", x: 1 } }), "x 1, expected no parameters"],
    [layer({ type: "dense", activation: 7 }), "activation 7, expected the name of an activation"],
    [layer({ type: "convolution", padding: [1] }), "padding [1], expected two counts of rows"],
    [layer({ type: "pool", mode: "median", size: 2 }), 'mode "median", expected one of max, mean'],
    [layer({ type: "slice", width: 2 }), "start undefined, expected an integer from 0"],
    [layer({ type: "slice", start: 0, width: 0 }), "width 0, expected an integer from 1"],
    [layer({ type: "gru", resetAfter: 1 }), "resetAfter 1, expected true or false"],
    [layer({ type: "layer-norm", epsilon: 0 }), "epsilon 0, expected a number above 0"],
  ])("refuses %j", (description, message) => {
    expect(() => validateDescription(description)).toThrow(LmuError);
    expect(() => validateDescription(description)).toThrow(message);
  });
});

describe("contradictions between description and tensors", () => {
  const dense = [{ name: "d", type: "dense" }] as const;
  const lmu = (rest: object = {}) =>
    [{ name: "l", type: "lmu", order: 4, theta: 9, ...rest }] as never;

  test.each<[string, Parameters<typeof makeUp>[1], Shapes, string, string]>([
    ["a missing tensor", dense, {}, "tensor-missing", "tensor d.weight is missing"],
    [
      "a wrong shape",
      dense,
      { "d.weight": [3, 5] },
      "tensor-invalid",
      "tensor d.weight has shape [3, 5], expected [any, 2]",
    ],
    [
      "a wrong rank",
      dense,
      { "d.weight": [6] },
      "tensor-invalid",
      "has shape [6], expected [any, 2]",
    ],
    [
      "a bias that does not fit",
      dense,
      { "d.weight": [3, 2], "d.bias": [2] },
      "tensor-invalid",
      "expected [3]",
    ],
    [
      "a tensor nobody reads",
      dense,
      { "d.weight": [3, 2], "e.weight": [1, 1] },
      "description-invalid",
      "no layer reads tensor e.weight",
    ],
    [
      "a slice beyond its input",
      [{ name: "s", type: "slice", start: 1, width: 2 }],
      {},
      "description-invalid",
      "slice s ends before feature 3, expected at most 2",
    ],
    [
      "an encoder without input weights",
      lmu(),
      { "l.encoder.bias": [1] },
      "tensor-missing",
      "l.encoder.input",
    ],
    [
      "a hidden cell without weights",
      lmu({ hidden: { type: "dense" } }),
      {},
      "tensor-missing",
      "l.hidden",
    ],
    [
      "feedback of a hidden cell that is not there",
      lmu(),
      { "l.encoder.input": [1, 2], "l.encoder.hidden": [1, 3] },
      "tensor-missing",
      "l.hidden",
    ],
    [
      "no theta",
      [{ name: "l", type: "lmu", order: 4 }],
      {},
      "description-invalid",
      "layer l has no theta",
    ],
    ["D without B", lmu(), { "l.D": [4, 4] }, "tensor-missing", "tensor l.B is missing"],
    [
      "inputs that do not fit a sum",
      [...dense, { name: "s", type: "add", from: ["d", "input"] }],
      { "d.weight": [3, 2] },
      "description-invalid",
      "inputs of 3 and 2 features",
    ],
    [
      "three inputs of a difference",
      [{ name: "s", type: "subtract", from: ["input", "input", "input"] }],
      {},
      "description-invalid",
      "has 3 inputs, expected 2",
    ],
    [
      "two inputs of a dense",
      [{ name: "d", type: "dense", from: ["input", "input"] }],
      { "d.weight": [3, 2] },
      "description-invalid",
      "has 2 inputs, expected 1",
    ],
    [
      "steps that do not fit a sum",
      [
        { name: "p", type: "pool", mode: "max", size: 2 },
        { name: "s", type: "add", from: ["p", "input"] },
      ],
      {},
      "description-invalid",
      "different numbers of steps",
    ],
    [
      "a flatten of any length",
      [{ name: "f", type: "flatten" }],
      {},
      "description-invalid",
      "a sequence of any length",
    ],
    [
      "an embedding of features",
      [{ name: "e", type: "embedding" }],
      { "e.weight": [3, 2] },
      "description-invalid",
      "expected the token input",
    ],
    [
      "a convolution after the last row",
      [
        { name: "l", type: "last" },
        { name: "c", type: "convolution" },
      ],
      { "c.weight": [1, 2, 2] },
      "description-invalid",
      "reads one row, expected a sequence",
    ],
    [
      "groups that do not divide",
      [{ name: "c", type: "convolution", groups: 2 }],
      { "c.weight": [3, 2, 1] },
      "description-invalid",
      "3 outputs in 2 groups",
    ],
  ])("%s", async (_, layers, shapes, code, message) => {
    const error = await load(fileOf(makeUp({ width: 2 }, layers, shapes))).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(LmuError);
    expect((error as Error).message).toContain(message);
    expect(error).toMatchObject({ code });
  });

  test.each([
    ["rnn", { "r.recurrent": [2, 2], "r.input": [2, 2] }],
    ["lstm", { "r.recurrent": [8, 2], "r.input": [8, 2] }],
    ["gru", { "r.recurrent": [6, 2], "r.input": [6, 2] }],
    ["lmu", {}],
  ] as const)(
    "%s after the last row: its state would depend on the calls",
    async (type, shapes) => {
      const options = type === "lmu" ? { order: 2, theta: 4 } : {};
      const layers = [
        { name: "l", type: "last" } as const,
        { name: "r", type, ...options } as never,
      ];
      const loading = load(fileOf(makeUp({ width: 2 }, layers, shapes)));
      await expect(loading).rejects.toThrow("r reads one row, expected a sequence");
    },
  );

  test("token ids read by a dense", async () => {
    const file = fileOf(makeUp({ vocabulary: 5 }, dense, { "d.weight": [3, 1] }));
    await expect(load(file)).rejects.toThrow("reads token ids, expected an embedding first");
  });

  test("weights that are not finite", async () => {
    const made = makeUp({ width: 2 }, dense, { "d.weight": [3, 2] });
    const tensors = new Map(made.tensors);
    tensors.set("d.weight", { shape: [3, 2], values: [1, 2, 3, NaN, 5, 6] });
    await expect(load(fileOf({ ...made, tensors }))).rejects.toThrow(
      "tensor d.weight has NaN at index 3, expected numbers that are finite in f32",
    );
  });

  test("weights that overflow on their way into the basis of the memory", async () => {
    const layer = {
      name: "l",
      type: "lmu",
      order: 9,
      theta: 9,
      hidden: { type: "dense" },
    } as const;
    const made = makeUp({ width: 1 }, [layer], { "l.hidden.memory": [1, 9] });
    const tensors = new Map(made.tensors);
    tensors.set("l.hidden.memory", { shape: [1, 9], values: [0, 0, 0, 0, 0, 0, 0, 0, 3e38] });
    await expect(load(fileOf({ ...made, tensors }))).rejects.toThrow(
      "tensor l.hidden.memory has 3.0000000054977558e+38 at index 8, expected numbers that are finite in f32",
    );
  });

  test.each<[string, LayerDescription, string]>([
    [
      "an epsilon that is 0 in f32",
      { name: "n", type: "layer-norm", epsilon: 1e-300 },
      "epsilon 1e-300, expected a number above 0 in f32",
    ],
    [
      "a matrix beyond f32",
      { name: "m", type: "lmu", order: 1, theta: 1e-300, discretizer: "euler" },
      "a computed matrix has -9.999999999999999e+299 at index 0",
    ],
    [
      "the root of a negative number",
      { name: "a", type: "activation", activation: { type: "squareplus", b: -1 } },
      'activation squareplus of layer a has {"b":-1}, expected numbers that give finite values',
    ],
    [
      "a parameter divided by zero",
      { name: "a", type: "activation", activation: { type: "celu", alpha: 0 } },
      'activation celu of layer a has {"alpha":0}, expected numbers that give finite values',
    ],
    [
      "rows and rows of padding",
      { name: "p", type: "convolution", padding: [2 ** 16, 1] },
      "with p it pads its sequences with more than 65536 rows",
    ],
    [
      "states that nothing pays for",
      { name: "p", type: "pool", mode: "max", size: 2 ** 22, stride: 1 },
      "its buffers and states take",
    ],
  ])("%s", async (_, layer, message) => {
    const shapes: Shapes = layer.type === "convolution" ? { "p.weight": [1, 1, 2] } : {};
    await expect(load(fileOf(makeUp({ width: 2 }, [layer], shapes)))).rejects.toThrow(message);
  });

  test("a model beyond the memory of wasm", async () => {
    const made = makeUp(
      { width: 1 },
      [{ name: "c", type: "pool", mode: "max", size: 2 ** 24 }],
      {},
    );
    const wide = { ...made, description: { ...made.description, input: { width: 2 ** 20 } } };
    await expect(load(fileOf(wide))).rejects.toMatchObject({ code: "model-too-large" });
  });
});

describe("warnings of the report", () => {
  const warningsOf = async (layer: object) => {
    const made = makeUp({ width: 1 }, [{ name: "l", type: "lmu", ...layer }] as never, {});
    return (await load(fileOf(made))).report().warnings;
  };

  test("unstable Euler, more coefficients than samples, untested orders", async () => {
    expect(await warningsOf({ order: 16, theta: 60, discretizer: "euler" })).toEqual([]);
    expect(await warningsOf({ order: 16, theta: 59, discretizer: "euler" })).toEqual([
      expect.stringContaining("unstable at order 16 for theta below 59.7"),
    ]);
    expect(await warningsOf({ order: 20, theta: 19 })).toEqual([
      expect.stringContaining("more coefficients than samples"),
    ]);
    expect(await warningsOf({ order: 600, theta: 4000 })).toEqual([
      expect.stringContaining("order 600 is above 512"),
    ]);
  });
});
