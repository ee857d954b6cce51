import { reshape, type Tensor, tensorOfValues } from "../../tensor.js";
import { normalisation, type Output } from "../importer.js";
import type { Call } from "./call.js";
import type { Fields } from "./config.js";

function expectLastAxis({ fields }: Call): void {
  const axis = fields.config["axis"];
  const last = Array.isArray(axis) && axis.length === 1 ? axis[0] : axis;
  if (last !== undefined && last !== null && last !== -1 && last !== 2)
    fields.refuse("axis", "-1, the features");
}

export function importBatchNormalization(call: Call, x: Output): Output {
  const { layer, fields, weights, importer } = call;
  expectLastAxis(call);
  const roles = [
    ...(fields.flag("scale", true) ? ["gamma"] : []),
    ...(fields.flag("center", true) ? ["beta"] : []),
    ...["moving_mean", "moving_variance"],
  ];
  const { gamma, beta, moving_mean: mean, moving_variance: variance } = weights.read(roles);
  const { scale, shift } = normalisation(
    fields.number("epsilon", 1e-3),
    mean!,
    variance!,
    gamma,
    beta,
  );
  return importer.addScale(layer.name, x, scale, shift);
}

export function importLayerNormalization(call: Call, x: Output): Output {
  const { layer, fields, weights, importer } = call;
  expectLastAxis(call);
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

/** Normalization: (x - mean) / max(√variance, 1e-7), statistics in the configuration or among the weights. */
export function importNormalization(call: Call, x: Output): Output {
  const { layer, fields, weights, importer } = call;
  expectLastAxis(call);
  const invert = fields.flag("invert", false);
  let [mean, variance] = [vectorField(fields, "mean", x), vectorField(fields, "variance", x)];
  if (!mean || !variance) {
    const stored = weights.read(["mean", "variance", "count"]);
    [mean, variance] = [
      reshape(stored["mean"]!, [x.width]),
      reshape(stored["variance"]!, [x.width]),
    ];
  }
  const deviation = (i: number) => Math.max(Math.sqrt(variance.at(i)), 1e-7);
  const shape = [x.width];
  const vector = (value: (i: number) => number) =>
    tensorOfValues(
      shape,
      Float32Array.from({ length: x.width }, (_, i) => value(i)),
    );
  const scale = vector((i) => (invert ? deviation(i) : 1 / deviation(i)));
  const shift = vector((i) => (invert ? mean.at(i) : -mean.at(i) / deviation(i)));
  return importer.addScale(layer.name, x, scale, shift);
}

export function importRescaling({ layer, fields, importer }: Call, x: Output): Output {
  const scale = vectorField(fields, "scale", x) ?? constant(x.width, 1);
  const offset = vectorField(fields, "offset", x) ?? constant(x.width, 0);
  return importer.addScale(layer.name, x, scale, offset);
}

/** A number per feature, or one for all, from the configuration; undefined when it is not there. */
function vectorField(fields: Fields, name: string, { width }: Output): Tensor | undefined {
  const value = fields.config[name];
  if (value === undefined || value === null) return undefined;
  const list = [value].flat(9) as number[];
  if (!list.every(Number.isFinite) || (list.length !== 1 && list.length !== width)) {
    fields.refuse(name, width === 1 ? "a number" : `a number, or ${width}`);
  }
  return list.length === 1 ? constant(width, list[0]!) : tensorOfValues([width], list);
}

function constant(width: number, value: number): Tensor {
  return tensorOfValues([width], new Float64Array(width).fill(value));
}
