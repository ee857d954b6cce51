import type { LayerReport } from "../index.js";

/** What holds where a description says nothing, as far as a reader would want to see it. */
const DEFAULTS: Readonly<Record<string, object>> = {
  lmu: { discretizer: "zoh" },
  dense: { activation: "linear" },
  convolution: { stride: 1, activation: "linear" },
  rnn: { activation: "tanh" },
  lstm: { activation: "tanh", gateActivation: "sigmoid" },
  gru: { activation: "tanh", gateActivation: "sigmoid", resetAfter: true },
};

/** The options of a layer in words: "order 16, theta 20, discretizer zoh, hidden dense (activation tanh)". */
export function optionsOf(layer: LayerReport): string {
  const { type } = layer;
  const { hidden, from, ...own } = withDefaults(type, layer.options);
  const stored = isExplicit(layer) && { discretizer: "none, the matrices are the file's" };
  return [
    ...wordsOf({ ...own, ...stored, ...sizesOf(layer) }),
    ...(type === "lmu" ? [`hidden ${hiddenOf(hidden)}`] : []),
    ...(Array.isArray(from) ? [`reads ${from.join(" and ")}`] : []),
  ].join(", ");
}

/** The file holds the matrices of the memory. */
function isExplicit({ name, tensors }: LayerReport): boolean {
  return tensors.some((tensor) => tensor.name === `${name}.D` || tensor.name === `${name}.B`);
}

/** Sizes that are neither in the description nor the layer's outputs. */
function sizesOf(layer: LayerReport): Record<string, unknown> {
  const shapeOf = (role: string) =>
    layer.tensors.find(({ name }) => name === `${layer.name}.${role}`)?.shape;
  if (layer.type === "convolution") return { kernel: shapeOf("weight")?.[1] };
  if (layer.type !== "lmu") return {};
  const { order, hidden } = layer.options as { order: number; hidden?: object };
  const memory = hidden ? shapeOf("hidden.memory")?.[1] : layer.outputSize;
  return { channels: memory === undefined ? undefined : memory / order };
}

function hiddenOf(hidden: unknown): string {
  if (hidden === undefined) return "none";
  const { type, ...options } = hidden as { readonly type: string };
  return `${type} (${wordsOf(withDefaults(type, options)).join(", ")})`;
}

/** Options as the file has them, in its order, and behind them what holds where it says nothing. */
function withDefaults(type: string, options: object): Readonly<Record<string, unknown>> {
  return { ...options, ...DEFAULTS[type], ...options };
}

/** Options as words: gateActivation → "gate activation". */
function wordsOf(options: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(options)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => {
      const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
      return value === true ? words : `${words} ${valueOf(value)}`;
    });
}

/** A value of an option: activations with parameters read "leaky_relu (slope 0.01)". */
function valueOf(value: unknown): string {
  if (value === false) return "no";
  if (Array.isArray(value)) return value.join("+");
  if (typeof value !== "object" || value === null) return String(value);
  const { type, ...parameters } = value as { readonly type?: unknown };
  const words = wordsOf(parameters).join(", ");
  return `${String(type)}${words ? ` (${words})` : ""}`;
}
