import { reshape, type Tensor, tensorOfValues } from "../../tensor.js";
import { normalisation, type Output } from "../importer.js";
import type { Call } from "./call.js";

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
  const given = (name: string): Tensor | undefined => {
    const value = fields.config[name];
    if (value === undefined || value === null) return undefined;
    const flat = [value].flat(9) as number[];
    if (!flat.every(Number.isFinite) || (flat.length !== 1 && flat.length !== x.width)) {
      fields.refuse(name, `${x.width} numbers`);
    }
    return tensorOfValues(
      [x.width],
      Array.from({ length: x.width }, (_, i) => flat[flat.length === 1 ? 0 : i]!),
    );
  };
  let [mean, variance] = [given("mean"), given("variance")];
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
  const values = (name: string, fallback: number): Tensor => {
    const value = fields.config[name] ?? fallback;
    const list = Array.isArray(value) ? (value as unknown[]) : [value];
    if (
      !list.every((v) => typeof v === "number" && Number.isFinite(v)) ||
      (list.length !== 1 && list.length !== x.width)
    ) {
      fields.refuse(name, `a number, or ${x.width}`);
    }
    return tensorOfValues(
      [x.width],
      Float32Array.from({ length: x.width }, (_, i) => list[list.length === 1 ? 0 : i] as number),
    );
  };
  return importer.addScale(layer.name, x, values("scale", 1), values("offset", 0));
}
