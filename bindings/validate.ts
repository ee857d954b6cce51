import type { Description, LayerDescription } from "./description.js";
import { brief, cannotLoad } from "./errors.js";
import { type Check, checkFields, integer, MAX_WIDTH, steps } from "./layers/fields.js";
import type { Kinds } from "./layers/kinds.js";

const MAX_LAYERS = 10_000;
/** Inputs of all layers together. */
const MAX_INPUTS = 100_000;

/**
 * A model description, checked: known fields of the right kind, unique names, inputs that exist before they are read.
 * Sizes are checked against the tensors when the model is planned.
 *
 * @param kinds - the kinds of layer it may have
 * @throws LmuError description-invalid, layer-unsupported or option-unsupported, naming the field
 */
export function validateDescription(value: unknown, kinds: Kinds): Description {
  checkFields("the model description", value, {
    "version!": (version) =>
      version === 1 ? undefined : "1 (a newer file needs a newer lmu-wasm)",
    "input!": checkInput,
    "layers!": (layers) =>
      Array.isArray(layers) && layers.length > 0 && layers.length <= MAX_LAYERS
        ? undefined
        : `a list of 1 to ${MAX_LAYERS} layers`,
    output: text,
    source: text,
  });
  const description = value as Description;
  const names = new Set(["input"]);
  let inputs = 0;
  for (const [index, layer] of description.layers.entries()) {
    checkLayer(layer, index, names, kinds);
    inputs += layer.from?.length ?? 1;
  }
  if (inputs > MAX_INPUTS) {
    cannotLoad(`its layers read ${inputs} inputs, expected at most ${MAX_INPUTS}`);
  }
  if (description.output !== undefined && !names.has(description.output)) {
    cannotLoad(`output is ${brief(description.output)}, expected the name of a layer`);
  }
  return description;
}

const text: Check = (value) =>
  typeof value === "string" && value.length <= 1000 ? undefined : "a text";

function checkInput(value: unknown, where: string): string | undefined {
  checkFields(`input of ${where}`, value, {
    width: integer(1, MAX_WIDTH),
    vocabulary: integer(1, MAX_WIDTH),
    steps,
  });
  const input = value as Description["input"];
  return (input.width === undefined) === (input.vocabulary === undefined)
    ? "either width or vocabulary"
    : undefined;
}

/** Checks one layer and adds its name to those that later layers may read. */
function checkLayer(
  layer: LayerDescription,
  index: number,
  names: Set<string>,
  kinds: Kinds,
): void {
  if (typeof layer !== "object" || layer === null) {
    cannotLoad(`layer ${index} is ${brief(layer)}, expected an object`);
  }
  const { name, type } = layer;
  if (typeof name !== "string" || name === "" || names.has(name)) {
    cannotLoad(`layer ${index} has name ${brief(name)}, expected a unique text`);
  }
  // Not by the key alone: ["dense"] would find what "dense" does.
  if (typeof type !== "string" || !Object.hasOwn(kinds, type)) {
    cannotLoad(
      `layer ${name} has type ${brief(type)} with ${brief(layer)}, expected one of ${Object.keys(kinds).join(", ")}`,
      "layer-unsupported",
    );
  }
  checkFields(`layer ${name}`, layer, kinds[type]!.fields, ["name", "type", "from"]);
  if (layer.from !== undefined && (!Array.isArray(layer.from) || layer.from.length === 0)) {
    cannotLoad(`layer ${name} has from ${brief(layer.from)}, expected a list of names`);
  }
  for (const from of layer.from ?? []) {
    if (!names.has(from)) {
      cannotLoad(`layer ${name} reads ${brief(from)}, expected a layer before it`);
    }
  }
  names.add(name);
}
