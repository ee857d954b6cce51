import { permute } from "../../tensor.js";
import { normalisation, unlessLinear } from "../importer.js";
import { addPrelu } from "../prelu.js";
import { activationOption } from "./activation-names.js";
import {
  countOption,
  type Dialect,
  type Layer,
  positiveOption,
  refuseOption,
  type Widths,
} from "./dialect.js";
import type { Weights } from "./tensors.js";

/*
 * Modules of torch.nn that stand between recurrent ones. Sizes come from their tensors; strides, padding and epsilon
 * are not in the file, so they are options with PyTorch's defaults.
 */

/** nn.Linear: weight [outputs, inputs], bias [outputs]. */
export const LINEAR: Dialect = {
  options: ["activation"],
  widths({ weights }) {
    const [outputs, inputs] = weights.get("weight", undefined, undefined).shape;
    return { inputs: inputs!, outputs: () => outputs! };
  },
  import(layer, x, importer) {
    const { weights, name } = layer;
    const weight = weights.get("weight", undefined, x.width);
    const width = weight.shape[0]!;
    const activation = unlessLinear(activationOption(layer, "activation", "linear"));
    const bias = weights.find("bias", width);
    return importer.add(name, { type: "dense", ...activation }, [x], width, { weight, bias });
  },
};

/** nn.Embedding: weight [vocabulary, outputs]. */
export const EMBEDDING: Dialect = {
  options: [],
  widths({ weights }) {
    const [vocabulary, width] = weights.get("weight", undefined, undefined).shape;
    return { vocabulary: vocabulary!, outputs: () => width! };
  },
  import({ name, weights }, x, importer) {
    const weight = weights.get("weight", undefined, undefined);
    return importer.add(name, { type: "embedding" }, [x], weight.shape[1]!, { weight });
  },
};

/** nn.BatchNorm1d over the features, with the statistics of training. */
export const BATCH_NORM: Dialect = {
  options: ["epsilon"],
  landmarks: ["running_mean"],
  widths({ weights }) {
    return same(weights.get("running_mean", undefined).shape[0]!);
  },
  import(layer, x, importer) {
    const { weights, name } = layer;
    weights.skip("num_batches_tracked");
    const { scale, shift } = normalisation(
      positiveOption(layer, "epsilon") ?? 1e-5,
      weights.get("running_mean", x.width),
      weights.get("running_var", x.width),
      weights.find("weight", x.width),
      weights.find("bias", x.width),
    );
    return importer.addScale(name, x, scale, shift);
  },
};

/** nn.LayerNorm over the features: weight and bias, or our roles scale and shift; neither without a prefix. */
export const LAYER_NORM: Dialect = {
  options: ["epsilon"],
  widths({ weights }) {
    const names = layerNormNames(weights);
    return names ? same(weights.get(names[0], undefined).shape[0]!) : { outputs: (n) => n };
  },
  import(layer, x, importer) {
    const { weights, name } = layer;
    const epsilon = positiveOption(layer, "epsilon") ?? 1e-5;
    const [scale, shift] = layerNormNames(weights) ?? [];
    return importer.add(name, { type: "layer-norm", epsilon }, [x], x.width, {
      scale: scale === undefined ? undefined : weights.get(scale, x.width),
      shift: shift === undefined ? undefined : weights.find(shift, x.width),
    });
  },
};

/** With a prefix there must be tensors, or a misspelt one would pass for a norm without any. */
function layerNormNames(weights: Weights): readonly [string, string] | undefined {
  if (weights.has("scale")) return ["scale", "shift"];
  return weights.has("weight") || weights.base !== "" ? ["weight", "bias"] : undefined;
}

/** nn.PReLU: weight [1], or [features]. */
export const PRELU: Dialect = {
  options: [],
  widths({ weights }) {
    const [slopes] = weights.get("weight", undefined).shape;
    return slopes === 1 ? { outputs: (n) => n } : same(slopes!);
  },
  import({ name, weights }, x, importer) {
    const [slopes] = weights.shapeOf("weight");
    return addPrelu(importer, name, x, weights.get("weight", slopes === 1 ? 1 : x.width));
  },
};

/** As many features out as in. */
function same(width: number): Widths {
  return { inputs: width, outputs: () => width };
}

/** nn.Conv1d over time: weight [outputs, inputs / groups, taps], bias [outputs]. */
export const CONV1D: Dialect = {
  options: ["activation", "stride", "dilation", "groups", "padding"],
  widths(layer) {
    const [outputs, inputs] = layer.weights.get("weight", undefined, undefined, undefined).shape;
    return { inputs: inputs! * countOption(layer, "groups", 1), outputs: () => outputs! };
  },
  import(layer, x, importer) {
    const { weights, name } = layer;
    const weight = weights.get("weight", undefined, undefined, undefined);
    const [width, , taps] = weight.shape;
    const stride = countOption(layer, "stride", 1);
    const dilation = countOption(layer, "dilation", 1);
    const groups = countOption(layer, "groups", 1);
    const padding = paddingOption(layer, (taps! - 1) * dilation);
    const description = {
      type: "convolution" as const,
      ...(stride !== 1 && { stride }),
      ...(dilation !== 1 && { dilation }),
      ...(groups !== 1 && { groups }),
      ...(padding[0] + padding[1] > 0 && { padding }),
      ...unlessLinear(activationOption(layer, "activation", "linear")),
    };
    const bias = weights.find("bias", width);
    const tensors = { weight: permute(weight, [0, 2, 1]), bias };
    return importer.add(name, description, [x], width!, tensors);
  },
};

/** Zero rows before and after. */
function paddingOption(layer: Layer, beyond: number): readonly [number, number] {
  const { padding = 0 } = layer.options;
  if (padding === "causal") return [beyond, 0];
  const both: unknown[] = Array.isArray(padding) ? padding : [padding, padding];
  const isCounts = both.length === 2 && both.every((rows) => Number.isInteger(rows));
  if (!isCounts) refuseOption(layer, "padding", 'a count of rows, two of them, or "causal"');
  return both as [number, number];
}
