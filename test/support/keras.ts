import type { Hdf5Group } from "../../bindings/formats/containers/hdf5.js";
import { importModel } from "../../bindings/formats/keras/graph.js";
import { NumberedModelWeights } from "../../bindings/formats/keras/numbered.js";
import { type Tensor, tensorOfValues } from "../../bindings/tensor.js";

/*
 * Configurations as Keras 3.15 writes them, and weights to go with them.
 */

/** A serialised layer. */
export interface Written {
  readonly class_name: string;
  readonly registered_name?: string | null;
  readonly module?: string;
  readonly config: Readonly<Record<string, unknown>>;
}

export const INPUT: Written = {
  class_name: "InputLayer",
  config: { name: "input_layer", batch_shape: [null, 12, 3] },
};

export const DENSE: Written = {
  class_name: "Dense",
  config: { name: "dense", activation: "linear" },
};

export const group = (groups: Record<string, Hdf5Group>, tensors: Record<string, Tensor> = {}) => ({
  groups: new Map(Object.entries(groups)),
  tensors: new Map(Object.entries(tensors)),
  attributes: new Map(),
});

/** A file with the weights of a Dense of 3 inputs and outputs. */
export const weights = () =>
  new NumberedModelWeights(
    group({
      layers: group({
        dense: group({
          vars: group(
            {},
            {
              0: tensorOfValues([3, 3], new Array(9).fill(0.5)),
              1: tensorOfValues([3], [0, 0, 0]),
            },
          ),
        }),
      }),
    }),
  );

/** Layers after the input. */
export const sequential = (...layers: Written[]) =>
  importModel(
    { class_name: "Sequential", config: { name: "model", layers: [INPUT, ...layers] } },
    weights(),
    "3.15.1",
  );

/** The output of a layer among the arguments of a call. */
export const tensorOf = (layer: string) => ({
  class_name: "__keras_tensor__",
  config: { shape: [null, 12, 3], dtype: "float32", keras_history: [layer, 0, 0] },
});

/** One layer after a Dense, called with the given arguments. */
export const called = (layer: Written, ...args: unknown[]) =>
  importModel(
    {
      class_name: "Functional",
      config: {
        name: "model",
        layers: [
          { ...INPUT, inbound_nodes: [] },
          { ...DENSE, inbound_nodes: [{ args: [tensorOf("input_layer")], kwargs: {} }] },
          { ...layer, inbound_nodes: [{ args, kwargs: {} }] },
        ],
        input_layers: ["input_layer", 0, 0],
        output_layers: [layer.config["name"], 0, 0],
      },
    },
    weights(),
    "3.15.1",
  );

/** Layers after the input, with their calls; the last one's output. */
export const functional = (...layers: (Written & { readonly inbound_nodes: unknown })[]) =>
  importModel(
    {
      class_name: "Functional",
      config: {
        name: "model",
        layers: [{ ...INPUT, inbound_nodes: [] }, ...layers],
        input_layers: ["input_layer", 0, 0],
        output_layers: [layers.at(-1)!.config["name"], 0, 0],
      },
    },
    weights(),
    "3.15.1",
  );
