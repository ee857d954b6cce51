import { LmuError } from "../../errors.js";
import { computed, reshape, sizeOf, type Tensor, tensorOfValues } from "../../tensor.js";
import { normalisation, type Output } from "../importer.js";
import type { Call } from "./call.js";
import { isLastAxis } from "./config.js";
import type { Fields } from "./fields.js";

function expectLastAxis({ fields }: Call, x: Output): void {
  const axis = fields.value("axis");
  const last: unknown = Array.isArray(axis) && axis.length === 1 ? axis[0] : axis;
  if (!isLastAxis(last ?? -1, x)) fields.refuse("axis", "-1, the features");
}

/** How many features a layer without weights reads. */
function widthOf({ layer }: Call, x: Output): number {
  if (x.width > 0) return x.width;
  throw new LmuError(
    "layer-unsupported",
    `Cannot load the model: layer ${layer.name} (${layer.className}) comes after a Flatten, expected before it`,
  );
}

export function importBatchNormalization(call: Call, x: Output): Output {
  const { layer, fields, weights, importer } = call;
  expectLastAxis(call, x);
  const roles = [
    ...(fields.flag("scale", true) ? ["gamma"] : []),
    ...(fields.flag("center", true) ? ["beta"] : []),
    ...["moving_mean", "moving_variance"],
  ];
  const { gamma, beta, moving_mean: mean, moving_variance: variance } = weights.read(roles);
  // After a Flatten, the width is the file's to say.
  const width = x.width || sizeOf(mean!.shape);
  const ofInput = (tensor: Tensor) => reshape(tensor, [width]);
  const { scale, shift } = normalisation(
    fields.number("epsilon", 1e-3),
    ofInput(mean!),
    ofInput(variance!),
    gamma && ofInput(gamma),
    beta && ofInput(beta),
  );
  return importer.addScale(layer.name, x, scale, shift);
}

export function importLayerNormalization(call: Call, x: Output): Output {
  const { layer, fields, weights, importer } = call;
  expectLastAxis(call, x);
  fields.only("rms_scaling", false);
  const roles = [
    ...(fields.flag("scale", true) ? ["gamma"] : []),
    ...(fields.flag("center", true) ? ["beta"] : []),
  ];
  const { gamma, beta } = weights.read(roles);
  const epsilon = fields.number("epsilon", 1e-3);
  return importer.add(layer.name, { type: "layer-norm", epsilon }, [x], x.width, {
    scale: gamma,
    shift: beta,
  });
}

/**
 * Normalization: (x - mean) / max(√variance, 1e-7), statistics in the configuration or among the weights; one of each
 * for all features when there is no axis.
 */
export function importNormalization(call: Call, x: Output): Output {
  const { layer, fields, weights, importer } = call;
  const axis = fields.value("axis");
  const isScalar = Array.isArray(axis) && axis.length === 0;
  if (!isScalar) expectLastAxis(call, x);
  const width = widthOf(call, x);
  const invert = fields.flag("invert", false);
  let [mean, variance] = [
    vectorField(fields, "mean", width),
    vectorField(fields, "variance", width),
  ];
  if (!mean || !variance) {
    const stored = weights.read(["mean", "variance", "count"]);
    const statistic = (name: string): Tensor => {
      const tensor = reshape(stored[name]!, [isScalar ? 1 : width]);
      return isScalar ? constant(width, tensor.at(0)) : tensor;
    };
    [mean, variance] = [statistic("mean"), statistic("variance")];
  }
  const deviation = (i: number) => Math.max(Math.sqrt(variance.at(i)), 1e-7);
  if (invert) return importer.addScale(layer.name, x, computed([width], deviation), mean);
  // The mean first, which is exact near it: as one scale and shift, a mean of 1000 deviations costs 1e-4.
  const minus = computed([width], (i) => -mean.at(i));
  const centred = importer.addScale(`${layer.name}/centred`, x, constant(width, 1), minus);
  const scale = computed([width], (i) => 1 / deviation(i));
  return importer.add(layer.name, { type: "scale" }, [centred], width, { scale });
}

export function importRescaling(call: Call, x: Output): Output {
  const { layer, fields, importer } = call;
  const width = widthOf(call, x);
  const scale = vectorField(fields, "scale", width) ?? constant(width, 1);
  const offset = vectorField(fields, "offset", width) ?? constant(width, 0);
  return importer.addScale(layer.name, x, scale, offset);
}

/** A number per feature, or one for all, from the configuration; undefined when it is not there. */
function vectorField(fields: Fields, name: string, width: number): Tensor | undefined {
  const value = fields.value(name);
  if (value === undefined || value === null) return undefined;
  const list = [value].flat(9) as number[];
  if (!list.every(Number.isFinite) || (list.length !== 1 && list.length !== width)) {
    fields.refuse(name, width === 1 ? "a number" : `a number, or ${width}`);
  }
  return list.length === 1 ? constant(width, list[0]!) : tensorOfValues([width], list);
}

/** One value for all features, kept once; not rounded, for what is computed of it is. */
function constant(width: number, value: number): Tensor {
  return { dtype: "f32", shape: [width], at: () => value };
}
