import type { ActivationDescription } from "../../description.js";
import { brief, LmuError } from "../../errors.js";
import type { Output } from "../importer.js";

/** Whether an axis is the last one, that of the features. */
export function isLastAxis(axis: unknown, x: Pick<Output, "isRow">): boolean {
  return axis === -1 || axis === (x.isRow ? 1 : 2);
}

/** A JSON object of a Keras configuration. */
export type Json = Readonly<Record<string, unknown>>;

/** A layer as Keras serialises it. */
export interface KerasLayer {
  readonly className: string;
  readonly name: string;
  readonly config: Json;
  /** Calls of the layer in a functional model. */
  readonly inboundNodes: unknown;
}

/**
 * The class of a serialised object. One that is registered in somebody's own package keeps it in its name, "my>Dense",
 * because it may compute anything; LMUs are theirs whatever the package.
 */
export function classNameOf({ class_name: name, registered_name: registered }: Json): string {
  const isQualified = typeof registered === "string" && registered.includes(">");
  const className = isQualified ? registered : typeof name === "string" ? name : "";
  const own = className.slice(className.lastIndexOf(">") + 1);
  return own.startsWith("LMU") ? own : className;
}

/**
 * One field after another out of a configuration, each checked; messages name the layer and the field.
 */
export class Fields {
  constructor(
    readonly layer: string,
    readonly config: Json,
    /** Major version of Keras that wrote the file. */
    readonly kerasVersion: number,
  ) {}

  has(name: string): boolean {
    return this.config[name] !== undefined && this.config[name] !== null;
  }

  integer(name: string, fallback?: number): number {
    const value = this.#first(this.config[name]) ?? fallback;
    if (!Number.isSafeInteger(value) || (value as number) < 0) this.refuse(name, "a count");
    return value as number;
  }

  number(name: string, fallback?: number): number {
    const value = this.config[name] ?? fallback;
    if (typeof value !== "number" || !Number.isFinite(value)) this.refuse(name, "a number");
    return value;
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.config[name] ?? fallback;
    if (typeof value !== "boolean") this.refuse(name, "true or false");
    return value;
  }

  text(name: string, fallback?: string): string {
    const value = this.config[name] ?? fallback;
    if (typeof value !== "string") this.refuse(name, "a text");
    return value;
  }

  /** Throws unless an option has the one value that is supported. */
  only(name: string, wanted: unknown): void {
    const value = this.config[name];
    if (value !== undefined && value !== null && brief(value) !== brief(wanted)) {
      this.refuse(name, JSON.stringify(wanted));
    }
  }

  /** An activation, in whichever of Keras's spellings. */
  activation(name: string, fallback?: string): ActivationDescription {
    return activationOf(this.config[name] ?? fallback, this);
  }

  refuse(name: string, expected: string): never {
    throw new LmuError(
      "option-unsupported",
      `Cannot load the model: layer ${this.layer} has ${name} ${brief(this.config[name])}, expected ${expected}`,
    );
  }

  /** Keras writes a one-dimensional size as [5] or 5. */
  #first(value: unknown): unknown {
    return Array.isArray(value) && value.length === 1 ? value[0] : (value ?? undefined);
  }
}

const RENAMED: Readonly<Record<string, string>> = {
  swish: "silu",
  hard_swish: "hard_silu",
  exp: "exponential",
};

/** Activations as names, as serialised functions, or as serialised layers. */
function activationOf(value: unknown, fields: Fields): ActivationDescription {
  if (value === undefined || value === null) return "linear";
  if (typeof value === "string") {
    const renamed = Object.hasOwn(RENAMED, value) ? RENAMED[value]! : value;
    // Keras 1 and 2 used another slope.
    return renamed === "hard_sigmoid" && fields.kerasVersion < 3
      ? { type: "hard_sigmoid", slope: 0.2 }
      : renamed;
  }
  const { config } = value as Json;
  if (typeof config === "string") return activationOf(config, fields);
  if (typeof config === "object" && config !== null) {
    const layer = activationLayer(
      classNameOf(value as Json),
      new Fields(fields.layer, config as Json, fields.kerasVersion),
    );
    if (layer) return layer;
  }
  throw new LmuError(
    "option-unsupported",
    `Cannot load the model: layer ${fields.layer} has activation ${brief(value)}, expected one that Keras names`,
  );
}

/** Layers that are nothing but an activation; undefined for others. */
export function activationLayer(
  className: string,
  fields: Fields,
  x: Pick<Output, "isRow"> = {},
): ActivationDescription | undefined {
  switch (className) {
    case "Activation":
      return fields.activation("activation");
    case "ReLU":
      return reluLayer(fields);
    case "LeakyReLU":
      return {
        type: "leaky_relu",
        slope: fields.number(fields.has("alpha") ? "alpha" : "negative_slope", 0.3),
      };
    case "ELU":
      return { type: "elu", alpha: fields.number("alpha", 1) };
    case "Softmax":
      if (!isLastAxis(fields.config["axis"] ?? -1, x)) fields.refuse("axis", "-1, the features");
      return "softmax";
    case "ThresholdedReLU":
      return { type: "threshold", threshold: fields.number("theta", 1), value: 0 };
    default:
      return undefined;
  }
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
