import type { ActivationDescription } from "../../activations.js";
import { type Layer, refuseOption } from "./dialect.js";

/**
 * Names of torch.nn and torch.nn.functional, lower case without underscores, where they or their default parameters
 * are not those of a model description.
 */
const NAMES: ReadonlyMap<string, ActivationDescription> = new Map<string, ActivationDescription>([
  ["identity", "linear"],
  ["leakyrelu", { type: "leaky_relu", slope: 0.01 }],
  ["hardtanh", "hard_tanh"],
  ["hardsigmoid", "hard_sigmoid"],
  ["hardswish", "hard_silu"],
  ["swish", "silu"],
  ["logsigmoid", "log_sigmoid"],
  ["logsoftmax", "log_softmax"],
  ["tanhshrink", "tanh_shrink"],
  ["softshrink", "soft_shrink"],
  ["hardshrink", "hard_shrink"],
  ...["relu", "relu6", "elu", "selu", "celu", "gelu", "sigmoid", "tanh"].map(same),
  ...["softplus", "softsign", "silu", "mish", "softmax", "linear"].map(same),
]);

function same(name: string): [string, string] {
  return [name, name];
}

/** An activation by PyTorch's name or ours, with PyTorch's default parameters. */
export function activationOption(
  layer: Layer,
  option: string,
  fallback: ActivationDescription | undefined,
): ActivationDescription {
  const value = layer.options[option] ?? fallback;
  const { type, ...parameters } = typeof value === "object" ? (value as Named) : { type: value };
  if (typeof type !== "string") refuseOption(layer, option, "the name of an activation");
  if (type === "?") {
    refuseOption(layer, option, 'what the model\'s code applies there, "linear" if nothing');
  }
  const known = NAMES.get(type.toLowerCase().replaceAll("_", "")) ?? type;
  if (Object.keys(parameters).length === 0) return known;
  return { ...(typeof known === "string" ? { type: known } : known), ...parameters };
}

type Named = Readonly<Record<string, unknown>>;
