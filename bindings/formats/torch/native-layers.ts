import { LmuError } from "../../errors.js";
import type { Tensor } from "../../tensor.js";
import type { Importer } from "../importer.js";
import { activationOption } from "./activation-names.js";
import type { Dialect, Layer, Widths } from "./dialect.js";

/*
 * Layers of a model description: their fields are those of the request, their tensors are named by our roles. The check
 * of the finished description and the planner say what does not fit.
 */

/** Layers without tensors; they give as many features as they read. */
export const PLAIN: Dialect = {
  widths: () => ({ outputs: (inputs) => inputs }),
  import: (layer, x, importer) => addAsIs(layer, importer, x, x.width, {}),
};

/** An activation on its own goes by the names and defaults of PyTorch, as it does in a module: LeakyReLU has slope 0.01. */
export const ACTIVATION: Dialect = {
  options: ["activation"],
  widths: () => ({ outputs: (inputs) => inputs }),
  import(layer, x, importer) {
    const activation = activationOption(layer, "activation", undefined);
    // What stands for "nothing here" in a list of layers.
    if (activation === "linear") return x;
    return importer.add(layer.name, { type: "activation", activation }, [x], x.width);
  },
};

/** Layers whose tensors say how many features they read and give. */
export const WITH_TENSORS: Dialect = {
  widths: (layer) => widthsOf(layer),
  import(layer, x, importer) {
    const { weights } = layer;
    const tensors: Record<string, Tensor> = {};
    for (const role of weights.names()) {
      tensors[role] = weights.get(role, ...weights.shapeOf(role));
    }
    return addAsIs(layer, importer, x, widthsOf(layer).outputs(x.width), tensors);
  },
};

/** flatten gives as many features as there are steps, and a file of tensors does not say how many. */
export const FLATTEN: Dialect = {
  widths: () => ({ outputs: (inputs) => inputs }),
  import({ name }) {
    throw new LmuError(
      "layer-unsupported",
      `Cannot load the model: flatten ${name} needs a fixed number of steps, expected last or global-pool`,
    );
  },
};

function addAsIs(
  { type, name, options }: Layer,
  importer: Importer,
  x: Parameters<Importer["add"]>[2][0],
  width: number,
  tensors: Record<string, Tensor>,
): ReturnType<Importer["add"]> {
  type NewLayer = Parameters<Importer["add"]>[1];
  return importer.add(name, { ...options, type } as NewLayer, [x], width, tensors);
}

/** Input and output features by the shapes of the tensors; [outputs, inputs] everywhere. */
function widthsOf(layer: Layer): Widths {
  const { type, weights, options } = layer;
  const size = (role: string, axis: number) => weights.shapeOf(role)[axis];
  const given = (inputs: number | undefined, outputs: number | undefined): Widths => ({
    ...(inputs !== undefined && { inputs }),
    outputs: (width) => outputs ?? width,
  });
  if (type === "dense") return given(size("weight", 1), size("weight", 0));
  if (type === "convolution") {
    const groups = typeof options["groups"] === "number" ? options["groups"] : 1;
    return given((size("weight", 2) ?? 1) * groups, size("weight", 0));
  }
  if (type === "lmu") return lmuWidths(layer);
  if (type === "scale") return given(size("scale", 0), size("scale", 0));
  return given(size("input", 1), size("recurrent", 1));
}

function lmuWidths({ weights, options }: Layer): Widths {
  const inputs = weights.shapeOf("encoder.input")[1] ?? weights.shapeOf("hidden.input")[1];
  const channels = weights.shapeOf("encoder.input")[0];
  const order = Number(options["order"]);
  const units = weights.shapeOf("hidden.recurrent")[1] ?? weights.shapeOf("hidden.memory")[0];
  return {
    ...(inputs !== undefined && { inputs }),
    outputs: (width) => (options["hidden"] ? (units ?? width) : (channels ?? width) * order),
  };
}
