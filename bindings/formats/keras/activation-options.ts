import type { ActivationDescription } from "../../activations.js";
import type { Output } from "../importer.js";
import { classNameOf, isLastAxis, type Json } from "./config.js";
import { Fields } from "./fields.js";

/**
 * An activation among the options of a layer, in whichever of Keras's spellings; null is the identity.
 *
 * @param fallback - what all versions of the framework take when the option is not there; needed unless given
 */
export function readActivation(
  fields: Fields,
  name: string,
  fallback?: string,
): ActivationDescription {
  const value = fields.value(name);
  if (value === undefined && fallback === undefined) fields.refuse(name, "an activation");
  return activationOf(value === undefined ? fallback : value, name, fields);
}

const RENAMED: Readonly<Record<string, string>> = {
  swish: "silu",
  hard_swish: "hard_silu",
  exp: "exponential",
};

/** Activations as names, as serialised functions, or as serialised layers. */
function activationOf(value: unknown, name: string, fields: Fields): ActivationDescription {
  if (value === null) return "linear";
  if (typeof value === "string") {
    const renamed = Object.hasOwn(RENAMED, value) ? RENAMED[value]! : value;
    // Keras 1 and 2 used another slope.
    return renamed === "hard_sigmoid" && fields.kerasVersion < 3
      ? { type: "hard_sigmoid", slope: 0.2 }
      : renamed;
  }
  const { config } = Object(value) as Json;
  if (typeof config === "string") return activationOf(config, name, fields);
  if (typeof config === "object" && config !== null) {
    const className = classNameOf(value as Json);
    if (isActivationLayer(className)) {
      return Fields.read(fields.layer, config as Json, fields.kerasVersion, (inner) =>
        activationLayer(className, inner),
      );
    }
  }
  return fields.refuse(name, "an activation that Keras names");
}

type Reader = (fields: Fields, x: Pick<Output, "isRow">) => ActivationDescription;

/** Layers that are nothing but an activation. */
const READERS: Readonly<Record<string, Reader>> = {
  Activation: (fields) => readActivation(fields, "activation"),
  ReLU: reluLayer,
  LeakyReLU: (fields) => ({
    type: "leaky_relu",
    slope: fields.number(fields.has("alpha") ? "alpha" : "negative_slope", 0.3),
  }),
  ELU: (fields) => ({ type: "elu", alpha: fields.number("alpha", 1) }),
  Softmax: (fields, x) => {
    if (!isLastAxis(fields.value("axis") ?? -1, x)) fields.refuse("axis", "-1, the features");
    return "softmax";
  },
  ThresholdedReLU: (fields) => ({
    type: "threshold",
    threshold: fields.number("theta", 1),
    value: 0,
  }),
};

/** Names of the layers that `activationLayer` reads. */
export const ACTIVATION_LAYERS: readonly string[] = Object.keys(READERS);

export function isActivationLayer(className: string): boolean {
  return Object.hasOwn(READERS, className);
}

export function activationLayer(
  className: string,
  fields: Fields,
  x: Pick<Output, "isRow"> = {},
): ActivationDescription {
  return READERS[className]!(fields, x);
}

function reluLayer(fields: Fields): ActivationDescription {
  const slope = fields.number("negative_slope", 0);
  const threshold = fields.number("threshold", 0);
  if (slope === 0 && threshold === 0 && !fields.has("max_value")) return "relu";
  return {
    type: "leaky_relu",
    slope,
    threshold,
    ...(fields.has("max_value") && { limit: fields.number("max_value") }),
  };
}
