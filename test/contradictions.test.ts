import { describe, expect, test } from "vitest";
import type { LayerDescription } from "../bindings/description.js";
import { load, LmuError } from "../bindings/index.js";
import { fileOf, makeUp, type Shapes } from "./support/models.js";

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

  test("fewer steps than a window with its padding", async () => {
    const layers = [{ name: "c", type: "convolution", padding: [1, 2] }] as const;
    const opened = (steps: number) =>
      load(fileOf(makeUp({ width: 2, steps }, layers, { "c.weight": [1, 9, 2] })));
    await expect(opened(5)).rejects.toThrow("c has 5 steps to read, expected at least 6");
    expect((await opened(6)).run(new Float32Array(12))).toHaveLength(1);
  });

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
      { name: "p", type: "pool", mode: "max", size: 2 ** 23, stride: 1 },
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
