import { describe, expect, test } from "vitest";
import { sizeOf, tensorOfValues } from "../bindings/tensor.js";
import { importTensors, refusal, suggestedLayers } from "./support/torch.js";

describe("importStateDict() without layers", () => {
  const weight = (...shape: number[]) => tensorOfValues(shape, new Float32Array(sizeOf(shape)));
  const names = (shapes: Record<string, number[]>) =>
    new Map(Object.entries(shapes).map(([name, shape]) => [name, weight(...shape)]));
  const rnn = (prefix: string, inputs: number, units: number): Record<string, number[]> => ({
    [`${prefix}.weight_ih_l0`]: [units, inputs],
    [`${prefix}.weight_hh_l0`]: [units, units],
  });
  const lstm = (prefix: string, inputs: number, units: number): Record<string, number[]> => ({
    [`${prefix}.weight_ih_l0`]: [4 * units, inputs],
    [`${prefix}.weight_hh_l0`]: [4 * units, units],
  });
  const norm = (prefix: string, width: number): Record<string, number[]> => ({
    [`${prefix}.weight`]: [width],
    [`${prefix}.bias`]: [width],
  });
  const linear = (prefix: string, inputs: number, outputs: number): Record<string, number[]> => ({
    [`${prefix}.weight`]: [outputs, inputs],
    [`${prefix}.bias`]: [outputs],
  });

  test("puts layers in the one order that fits, and numbered ones by number", () => {
    const { description } = importTensors(
      names({
        ...norm("norm", 9),
        ...lstm("rnns.10", 8, 9),
        ...lstm("rnns.2", 8, 8),
        "token_embedding.weight": [11, 8],
      }),
      undefined,
      "safetensors",
    );
    expect(description.layers.map(({ name }) => name)).toEqual([
      "token_embedding",
      "rnns.2",
      "rnns.10",
      "norm",
    ]);
    expect(description.input).toEqual({ vocabulary: 11 });
  });

  test("takes an embedding, LSTMs and an output for each token for a language model", async () => {
    const shapes = (outputs: number) =>
      names({
        "embedding.weight": [11, 8],
        ...lstm("rnn", 8, 6),
        ...linear("head", 6, outputs),
      });
    const { description } = importTensors(shapes(11));
    expect(description.layers.map(({ type }) => type)).toEqual(["embedding", "lstm", "dense"]);
    const { message } = await refusal(() => importTensors(shapes(10)));
    expect(message).toMatch(/activation between rnn and head/);
  });

  test("knows an embedding of another name by its rows, and heads side by side for what they are", async () => {
    const lookup = { "encoder.weight": [11, 8] };
    const rest = { ...lstm("rnn", 8, 8), ...linear("decoder", 8, 11) };
    const types = (shapes: Record<string, number[]>, format: string) =>
      importTensors(names(shapes), undefined, format).description.layers.map(({ type }) => type);
    for (const format of ["torch", "safetensors"]) {
      expect(types({ ...lookup, ...rest }, format)).toEqual(["embedding", "lstm", "dense"]);
    }
    // Made after the layer whose units they read, or of a name that tells nothing.
    const heads = { "a.weight": [11, 8], ...rest };
    const refused = [
      () => types({ ...rest, "encoder.weight": [11, 8] }, "torch"),
      () => types(heads, "safetensors"),
    ];
    for (const action of refused) {
      expect((await refusal(action)).message).toMatch(/of heads side by side, keep one/);
    }
    expect(types(heads, "torch")).toEqual(["embedding", "lstm", "dense"]);
  });

  test("suggests a linear last where the order is not known", async () => {
    const predictor = names({ ...linear("head", 4, 1), ...lstm("lstm", 1, 4) });
    const { message } = await refusal(() => importTensors(predictor, undefined, "safetensors"));
    expect(message).toMatch(/fit in more than one order[^]*"lstm" [^]*"head" /);
  });

  test("takes the order of a torch file where several fit, and says so", async () => {
    const shapes = names({ ...lstm("b", 4, 4), ...lstm("a", 4, 4) });
    const { description, notes } = importTensors(shapes);
    expect(description.layers.map(({ name }) => name)).toEqual(["b", "a"]);
    expect(notes.join()).toContain("the order of the file");
    const { message } = await refusal(() => importTensors(shapes, undefined, "safetensors"));
    expect(message).toMatch(/b and a fit in more/);
    const turned = names({ ...lstm("a", 4, 5), ...lstm("b", 4, 4), ...lstm("c", 4, 4) });
    expect((await refusal(() => importTensors(turned))).message).toMatch(/b and c fit in more/);
    const many = Array.from({ length: 40 }, (_, i) => lstm(String.fromCharCode(97 + i), 4, 4));
    const { layers } = importTensors(names(Object.assign({}, ...many))).description;
    expect(layers).toHaveLength(40);
  });

  test.each([
    ["two layers of one width", { ...lstm("a", 4, 4), ...lstm("b", 4, 4) }, /a and b fit in more/],
    ["widths that do not fit", { ...lstm("a", 4, 5), ...lstm("b", 4, 6) }, /in no order/],
    [
      "two heads",
      { ...lstm("a", 4, 5), ...linear("b", 5, 1), ...linear("c", 5, 2) },
      /in no order/,
    ],
    ["convolutions", { "a.weight": [4, 5, 3], "a.bias": [4] }, /stride and padding of a/],
    [
      "convolutions of groups",
      { ...norm("a", 6), "b.weight": [4, 3, 2], "b.bias": [4] },
      /stride and padding of b/,
    ],
    ["unknown tensors", { ...linear("a", 4, 5), "a.lora": [4] }, /tensors a\.lora/],
    ["half an LMU", { "a.e_x": [1, 3] }, /tensors a\.e_x/],
    ["nothing", {}, /none of the names/],
  ] as [string, Record<string, number[]>, RegExp][])(
    "asks for layers: %s",
    async (_n, shapes, why) => {
      const error = await refusal(() => importTensors(names(shapes), undefined, "npz"));
      expect([error.code, error.message]).toEqual([
        "description-invalid",
        expect.stringMatching(why),
      ]);
      expect(error.message).toContain("load(source, { layers: [\n");
    },
  );

  test("asks for layers: lists that code may run by turns", async () => {
    const lists = { ...lstm("lstms.0", 4, 4), ...lstm("lstms.1", 4, 4) };
    const norms = { ...norm("norms.0", 4), ...norm("norms.1", 4) };
    const { message } = await refusal(() => importTensors(names({ ...lists, ...norms })));
    expect(message).toMatch(/lstms\.0 … and norms\.0 … may take turns/);
  });

  const SEQUENCES: [string, Record<string, number[]>, RegExp | undefined][] = [
    ["linear, linear", { ...linear("a", 4, 5), ...linear("b", 5, 6) }, /between a and b/],
    ["LSTM, linear", { ...lstm("a", 4, 5), ...linear("b", 5, 6) }, /between a and b/],
    ["linear, LSTM", { ...linear("a", 4, 5), ...lstm("b", 5, 6) }, /between a and b/],
    ["linear, norm", { ...linear("a", 4, 5), ...norm("b", 5) }, /between a and b/],
    ["norm, linear", { ...norm("a", 4), ...linear("b", 4, 5) }, /between a and b/],
    ["norm, LSTM", { ...norm("a", 4), ...lstm("b", 4, 5) }, /between a and b/],
    ["nn.RNN", rnn("a", 4, 5), /the nonlinearity of a/],
    ["LSTM, LSTM", { ...lstm("a", 4, 5), ...lstm("b", 5, 6) }, undefined],
    ["LSTM, norm", { ...lstm("a", 4, 5), ...norm("b", 5) }, undefined],
    ["embedding, linear", { "emb.weight": [7, 4], ...linear("b", 4, 5) }, undefined],
    ["embedding, LSTM", { "emb.weight": [7, 4], ...lstm("b", 4, 5) }, undefined],
    ["linear", linear("a", 4, 5), undefined],
  ];

  test.each(SEQUENCES)(
    "asks for an activation where there may be one: %s",
    async (_, shapes, why) => {
      const tensors = names(shapes);
      if (!why) {
        expect(importTensors(tensors).notes.join()).toContain("inferred");
        return;
      }
      const error = await refusal(() => importTensors(tensors));
      expect(error.message).toMatch(why);
      await expect(
        (async () => importTensors(tensors, suggestedLayers(error, "?")))(),
      ).rejects.toThrow(/activation "\?"/);
      const { description } = importTensors(tensors, suggestedLayers(error, "relu"));
      expect(JSON.stringify(description.layers)).toContain('"activation":"relu"');
    },
  );

  test("asks for what a convolution leaves open, and can be answered", async () => {
    const tensors = names({ "a.weight": [4, 5, 3], "a.bias": [4], ...lstm("b", 4, 4) });
    const error = await refusal(() => importTensors(tensors));
    const layers = suggestedLayers(error, "?");
    expect(layers).toMatchObject([{ stride: "?", padding: "?" }, { activation: "?" }, {}]);
    Object.assign(layers[0]!, { stride: 2, padding: 1 });
    Object.assign(layers[1]!, { activation: "relu" });
    const { description } = importTensors(tensors, layers);
    expect(description.layers.map(({ type }) => type)).toEqual([
      "convolution",
      "activation",
      "lstm",
    ]);
  });

  test("the work is linear in the names, however long, alike or many they are", () => {
    const looks = (count: number, length: number) => {
      const shapes = new Map(
        Array.from({ length: count }, (_, i) => [
          `${"x1".repeat(length / 2)}${i}.weight_ih`,
          weight(4, 1),
        ]),
      );
      for (const name of [...shapes.keys()]) shapes.set(name.replace("_ih", "_hh"), weight(4, 1));
      let reads = 0;
      const counting = new Proxy(shapes, {
        get(map, field) {
          const value: unknown = Reflect.get(map, field, map);
          if (typeof value !== "function") return value;
          if (field === "get" || field === "has") reads++;
          // Each of these goes through all names.
          if (field === "keys") reads += map.size;
          return value.bind(map) as unknown;
        },
      });
      try {
        importTensors(counting, undefined, "npz");
      } catch {
        // Which of them is refused, and why, does not matter here.
      }
      return reads;
    };
    expect(looks(200, 100)).toBeLessThan(2.2 * looks(100, 100));
    expect(looks(100, 5000)).toBe(looks(100, 100));
  });
});
