import { brief, LmuError } from "../../errors.js";
import type { Json, KerasLayer } from "./config.js";

/*
 * Which tensors a layer of a Functional model is called with.
 */

/** One tensor of a graph: the output of a call of a layer, as `name/call`. */
export type Reference = string;

/** ["name", call, output], or a list of such. */
export function references(value: unknown, found: Reference[] = []): Reference[] {
  if (!Array.isArray(value)) return found;
  if (typeof value[0] === "string") found.push(referenceOf(value));
  else for (const inner of value) references(inner, found);
  return found;
}

function referenceOf([name, call, output]: readonly unknown[]): Reference {
  if (output !== 0 && output !== undefined) {
    throw new LmuError(
      "layer-unsupported",
      `Cannot load the model: output ${brief(output)} of layer ${String(name)} is used`,
    );
  }
  const count = call ?? 0;
  if (typeof count !== "number") {
    throw new LmuError(
      "format-invalid",
      `Cannot load the model: layer ${String(name)} has the call ${brief(call)}, expected its number`,
    );
  }
  return `${String(name)}/${count}`;
}

/** Inputs of every call of a layer: nested lists before Keras 3, serialised tensors since. */
export function callsOf(layer: KerasLayer): Reference[][] {
  const { inboundNodes } = layer;
  if (!Array.isArray(inboundNodes)) return [];
  return inboundNodes.map((node: unknown) => {
    const found: Reference[] = [];
    if (Array.isArray(node)) listedInputs(node, layer, found);
    else serialisedInputs(node, layer, found);
    return found;
  });
}

/** [["name", call, output, arguments], …], or one of those by itself. */
function listedInputs(node: readonly unknown[], layer: KerasLayer, found: Reference[]): void {
  if (typeof node[0] === "string") {
    expectNoArguments(node[3], layer);
    found.push(referenceOf(node));
    return;
  }
  for (const entry of node) if (Array.isArray(entry)) listedInputs(entry, layer, found);
}

/** { args: [tensor or list of tensors, …], kwargs }. */
function serialisedInputs(node: unknown, layer: KerasLayer, found: Reference[]): void {
  const { args, kwargs } = Object(node) as Json;
  expectNoArguments(kwargs, layer);
  for (const argument of Array.isArray(args) ? args : []) {
    const isKnown = layer.className === GET_ITEM && isLastStep(argument);
    if (!isKnown && !tensorsIn(argument, found)) refuseArgument("", argument, layer);
  }
}

/** Class name of x[…], an operation that stands among the layers. */
export const GET_ITEM = "GetItem";

/** Whether the argument in brackets takes the last step: x[:, -1], x[:, -1, :]. */
function isLastStep(argument: unknown): boolean {
  if (!Array.isArray(argument) || argument.length > 3 || argument[1] !== -1) return false;
  return [argument[0], argument[2] ?? argument[0]].every(isWhole);
}

/** A slice without bounds. */
function isWhole(value: unknown): boolean {
  const { class_name: className, config } = Object(value) as Json;
  return (
    className === "__slice__" && Object.values(Object(config) as Json).every((v) => v === null)
  );
}

/** What says nothing among the arguments of a call: no mask, and no training. */
function expectNoArguments(given: unknown, layer: KerasLayer): void {
  if (typeof given !== "object" || given === null) return;
  for (const [name, value] of Object.entries(given)) {
    const isIdle = value === null || (name === "training" && (value === false || value === 0));
    if (!isIdle) refuseArgument(` ${name.slice(0, 100)}`, value, layer);
  }
}

function refuseArgument(
  name: string,
  value: unknown,
  { name: layer, className }: KerasLayer,
): never {
  throw new LmuError(
    "layer-unsupported",
    `Cannot load the model: layer ${layer} (${className}) is called with the argument${name} ${brief(value)}, expected tensors alone`,
  );
}

/** Collects serialised Keras 3 tensors, alone or in lists; false if something else is there. */
function tensorsIn(value: unknown, found: Reference[]): boolean {
  if (Array.isArray(value)) return value.every((inner) => tensorsIn(inner, found));
  const { class_name: className, config } = Object(value) as Json;
  if (className !== "__keras_tensor__") return value === null;
  references((config as Json | null | undefined)?.["keras_history"], found);
  return true;
}
