import { strToU8, unzipSync, zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { load } from "../bindings/index.js";
import { allocatedBy } from "./support/allocation.js";
import { goldenFile } from "./support/golden.js";
import { DEEP, WORDLESS } from "./support/hostile.js";
import { refusal } from "./support/torch.js";

/*
 * Configurations made by somebody who has read the reader: each is refused by an LmuError, or runs. What chance finds is
 * in fuzz.test.ts.
 */

describe("configurations of Keras", () => {
  const { "model.weights.h5": weights } = unzipSync(goldenFile("keras/gru.keras"));

  /** A .keras file with these configurations, as texts. */
  const keras = (config: string, metadata = "{}") =>
    zipSync(
      {
        "config.json": strToU8(config),
        "metadata.json": strToU8(metadata),
        "model.weights.h5": weights!,
      },
      { level: 0 },
    );

  /** A chain of layers, each a class name and more fields. */
  const chain = (layers: readonly (readonly [string, object?])[], width: unknown = 1) =>
    JSON.stringify({
      class_name: "Sequential",
      config: {
        layers: [
          { class_name: "InputLayer", config: { batch_shape: [null, null, width] } },
          ...layers.map(([className, more]) => ({
            class_name: className,
            config: { name: "a", ...more },
          })),
        ],
      },
    });
  const pool = (fields: object) => chain([["MaxPooling1D", fields]]);

  /** A functional model that calls its one layer twice. */
  const twice = (inner: object) => ({
    class_name: "Functional",
    config: {
      layers: [
        {
          class_name: "InputLayer",
          name: "x",
          config: { batch_shape: [null, null, 1] },
          inbound_nodes: [],
        },
        { ...inner, name: "m", inbound_nodes: [[["x", 0, 0, {}]], [["m", 0, 0, {}]]] },
      ],
      input_layers: [["x", 0, 0]],
      output_layers: [["m", 1, 0]],
    },
  });
  const laughs = (levels: number): object =>
    levels === 0 ? { class_name: "Dropout", config: {} } : twice(laughs(levels - 1));
  const turned = (levels: number): object => ({
    class_name: levels === 0 ? "Dropout" : "Bidirectional",
    config: { name: "b", ...(levels > 0 && { layer: turned(levels - 1) }) },
  });
  const called = (args: string) =>
    JSON.stringify(twice({ class_name: "ReLU", config: {} })).replace(
      '"inbound_nodes":[[["x"',
      `"inbound_nodes":[${args},[["x"`,
    );

  test.each([
    ["a stride of 0", pool({ strides: 0 })],
    ["windows of 0 rows", pool({ pool_size: 0, strides: 1 })],
    ["a stride that is 0 in 32 bits", pool({ strides: 2 ** 32 })],
    ["a scale of 2^50 features", chain([["Rescaling", { scale: 1 }]], 2 ** 50)],
    ["a scale of 2^27 features", chain([["Rescaling", { scale: 1 }]], 2 ** 27)],
    ["a norm of 2^31 features", chain([["Normalization", { mean: 0, variance: 1 }]], 2 ** 31)],
    [
      "2^24 channels without a kernel",
      chain(
        [
          [
            "LMU",
            {
              order: 1,
              theta: 2,
              memory_d: 2 ** 24,
              kernel_initializer: null,
              hidden_cell: null,
              use_bias: false,
            },
          ],
        ],
        2 ** 24,
      ),
    ],
    ["models called twice in models called twice", JSON.stringify(laughs(26))],
    [
      "layers turned round in layers turned round",
      chain([["Bidirectional", { layer: turned(26) }]]),
    ],
    [
      "a merge that objects inherit",
      chain([["Bidirectional", { merge_mode: "constructor", layer: turned(0) }]]),
    ],
    ["10,001 layers", chain(Array<[string]>(10_001).fill(["Dropout"]))],
    ["a merge of nothing", called("[]").replace('"ReLU"', '"Add"')],
    ["a call without a history", called('{"args":[{"class_name":"__keras_tensor__"}]}')],
    ["a call of something without words", called(`[["x",${WORDLESS},0]]`)],
    ["an output without words", called(`[["x",0,${WORDLESS}]]`)],
    ["a deep configuration", DEEP],
    ["a deep activation", chain([["Activation", { activation: "?" }]]).replace('"?"', DEEP)],
    ["deep inputs", called(`{"args":${DEEP}}`)],
    [
      "a cell without words",
      chain([["RNN", { cell: "?" }]]).replace('"?"', `{"class_name":${WORDLESS},"config":{}}`),
    ],
    [
      "a vocabulary without words",
      chain([["Embedding", { input_dim: "?" }]])
        .replace('"?"', WORDLESS)
        .replace("null,null,1", "null,null"),
    ],
  ])("%s", async (_, config) => {
    let error: Error | undefined;
    const file = keras(config);
    const allocated = await allocatedBy(async () => {
      error = await refusal(() => load(file));
    });
    expect(error!.message.length).toBeLessThan(2000);
    expect(allocated).toBeLessThanOrEqual(4 * file.length + 2 ** 20);
  });

  test.each(["null", `{"keras_version":${WORDLESS}}`])(
    "metadata %s does no harm",
    async (metadata) => {
      const model = await load(keras(chain([["ReLU"], ["ReLU"]]), metadata));
      expect([...model.run([-1, 2])]).toEqual([0, 2]);
      model.dispose();
    },
  );

  test("10,000 layers of one name", async () => {
    const model = await load(keras(chain(Array<[string]>(9_999).fill(["ReLU"]))));
    expect(model.report().layers.at(-1)!.name).toBe("a:9998");
    model.dispose();
  });
});
