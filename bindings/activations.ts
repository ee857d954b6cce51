import { brief, cannotLoad } from "./errors.js";

/**
 * An activation function by name, or by name with its parameters: `"tanh"`, `{ type: "leaky_relu", slope: 0.01 }`.
 *
 * Names and defaults are mostly those of Keras: linear, tanh, sigmoid, relu, relu6, leaky_relu (slope 0.2, threshold 0,
 * limit none), elu and celu (alpha 1), selu, gelu, gelu_tanh, silu, softplus, softsign, exponential, mish, softmax,
 * log_softmax, log_sigmoid, hard_sigmoid (slope 1/6), hard_tanh (low -1, high 1), hard_silu, squareplus (b 4), soft_shrink
 * and hard_shrink (threshold 0.5), tanh_shrink, sparse_plus, sparse_sigmoid, threshold (threshold 0, value 0).
 */
export type ActivationDescription =
  | string
  | {
      /** The name. */
      readonly type: string;
      /** A parameter of that name: a finite number. */
      readonly [parameter: string]: unknown;
    };

/** A function that the kernels know, with up to four parameters. */
export interface EncodedActivation {
  /** Name of the kernel, or "identity". */
  readonly kind: string;
  readonly parameters: readonly number[];
}

export interface Definition {
  /** Unless given it is the name in camelCase. */
  readonly kind?: string;
  /** Names and default values of the parameters. */
  readonly defaults?: Readonly<Record<string, number>>;
  /** Parameters of the wasm function, from the named ones; unless given they are these. */
  readonly encode?: (named: Record<string, number>) => number[];
}

export type Definitions = Readonly<Record<string, Definition>>;

/** Activations by the name Keras gives them; torch.nn names are mapped by the PyTorch reader. */
const CORE: Definitions = {
  linear: { kind: "identity" },
  tanh: {},
  sigmoid: {},
  softmax: {},
  relu: {},
  relu6: { kind: "reluGeneral", encode: () => [0, 0, 6] },
  leaky_relu: {
    kind: "reluGeneral",
    defaults: { slope: 0.2, threshold: 0, limit: 3.4028234663852886e38 },
  },
  hard_sigmoid: {
    kind: "clamp",
    defaults: { slope: 1 / 6 },
    encode: (p) => [p["slope"]!, 0.5, 0, 1],
  },
  sparse_sigmoid: { kind: "clamp", encode: () => [0.5, 0.5, 0, 1] },
  hard_tanh: {
    kind: "clamp",
    defaults: { low: -1, high: 1 },
    encode: (p) => [1, 0, p["low"]!, p["high"]!],
  },
};

/** Activations that are known: those of lmu.wasm, and the others once the full edition is here. */
const DEFINITIONS: Record<string, Definition> = { ...CORE };

/** Makes more of them known. */
export function addActivations(more: Definitions): void {
  Object.assign(DEFINITIONS, more);
}

/** Whether lmu.wasm has an activation of this name. */
export function isCoreActivation(name: string): boolean {
  return Object.hasOwn(CORE, name);
}

/**
 * Kernel and parameters of an activation.
 *
 * @param where - the layer, for the message
 * @throws LmuError option-unsupported for an unknown name or parameter
 */
export function encodeActivation(
  where: string,
  activation: ActivationDescription | undefined,
): EncodedActivation {
  const { type, ...given } =
    typeof activation === "object" ? activation : { type: activation ?? "linear" };
  const definition = Object.hasOwn(DEFINITIONS, type) ? DEFINITIONS[type] : undefined;
  if (!definition) {
    cannotLoad(
      `${where} has activation ${brief(type)}, expected one of ${Object.keys(DEFINITIONS).join(", ")}`,
      "option-unsupported",
    );
  }
  const named: Record<string, number> = { ...definition.defaults };
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(named, name) || typeof value !== "number" || !Number.isFinite(value)) {
      const expected = Object.keys(named).join(", ") || "no parameters";
      cannotLoad(
        `activation ${type} of ${where} has ${name} ${brief(value)}, expected ${expected}`,
        "option-unsupported",
      );
    }
    named[name] = value;
  }
  const parameters = definition.encode?.(named) ?? Object.values(named);
  if (!parameters.every((value) => Number.isFinite(Math.fround(value)))) {
    cannotLoad(
      `activation ${type} of ${where} has ${brief(given)}, expected numbers that give finite values in f32`,
      "option-unsupported",
    );
  }
  const { kind = type.replace(/_./g, (pair) => pair[1]!.toUpperCase()) } = definition;
  return { kind, parameters };
}
