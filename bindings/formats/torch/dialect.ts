import { LmuError } from "../../errors.js";
import type { Importer, Output } from "../importer.js";
import type { Weights } from "./tensors.js";

/** Options of any request, to be checked one by one. */
type Options = Readonly<Record<string, unknown>>;

/** One requested layer with its tensors at hand. */
export interface Layer {
  readonly type: string;
  readonly name: string;
  readonly options: Options;
  readonly weights: Weights;
}

/** Features a layer reads, where its tensors say, and what it makes of them. */
export interface Widths {
  readonly inputs?: number;
  readonly outputs: (inputs: number) => number;
  /** The layer reads token ids: how many there are. */
  readonly vocabulary?: number;
}

/** How one type of layer stands in a file. */
export interface Dialect {
  /** Options it knows beyond those of every layer; undefined: left to the check of the description. */
  readonly options?: readonly string[];
  /** Tensors one of which shows where in a module the others are. */
  readonly landmarks?: readonly string[];
  widths(layer: Layer): Widths;
  /** Adds the layer; gives the sequence. */
  import(layer: Layer, x: Output, importer: Importer): Output;
}

/** @throws LmuError option-unsupported */
export function refuseOption({ type, name, options }: Layer, option: string, want: string): never {
  throw new LmuError(
    "option-unsupported",
    `Cannot load the model: ${type} ${name} has ${option} ${JSON.stringify(options[option])}, expected ${want}`,
  );
}

/** A number above 0, or undefined. */
export function positiveOption(layer: Layer, option: string): number | undefined {
  const value = layer.options[option];
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !(value > 0 && value < Infinity)) {
    refuseOption(layer, option, "a number above 0");
  }
  return value;
}

/** An integer above 0. */
export function countOption(layer: Layer, option: string, fallback: number): number {
  const value = layer.options[option] ?? fallback;
  if (!Number.isSafeInteger(value) || (value as number) < 1) {
    refuseOption(layer, option, "a count from 1");
  }
  return value as number;
}

/** true or false, or undefined. */
export function flagOption(layer: Layer, option: string): boolean | undefined {
  const value = layer.options[option];
  if (value !== undefined && typeof value !== "boolean") {
    refuseOption(layer, option, "true or false");
  }
  return value;
}

/** One of some texts, or undefined. */
export function choiceOption<T extends string>(
  layer: Layer,
  option: string,
  choices: readonly T[],
): T | undefined {
  const value = layer.options[option];
  if (value !== undefined && !choices.includes(value as T)) {
    refuseOption(layer, option, choices.join(", "));
  }
  return value as T | undefined;
}
