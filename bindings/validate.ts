import { encodeActivation } from "./activations.js";
import type { Description, LayerDescription, LayerType } from "./description.js";
import { brief, LmuError } from "./errors.js";
import { MAX_ORDER } from "./legendre/residual.js";

/** Checks one field's value; returns what was expected if it is not that. */
type Check = (value: unknown, where: string) => string | undefined;

const integer =
  (low: number, high: number): Check =>
  (value) =>
    Number.isInteger(value) && (value as number) >= low && (value as number) <= high
      ? undefined
      : `an integer from ${low} to ${high}`;

const oneOf =
  (...names: string[]): Check =>
  (value) =>
    names.includes(value as string) ? undefined : `one of ${names.join(", ")}`;

const flag: Check = (value) => (typeof value === "boolean" ? undefined : "true or false");

const positive: Check = (value) =>
  typeof value === "number" && value > 0 && value < Infinity ? undefined : "a number above 0";

/** Epsilons are used in f32, where 1e-300 is 0. */
const positiveFloat: Check = (value) =>
  typeof value === "number" && Math.fround(value) > 0 && Math.fround(value) < Infinity
    ? undefined
    : "a number above 0 in f32";

const theta: Check = (value, where) => (value === "Infinity" ? undefined : positive(value, where));

const activation: Check = (value, where) => {
  const named =
    typeof value === "object" && value !== null ? (value as { type?: unknown }).type : value;
  if (typeof named !== "string") return "the name of an activation, or an object with its type";
  encodeActivation(where, value as string);
  return undefined;
};

const padding: Check = (value) =>
  Array.isArray(value) &&
  value.length === 2 &&
  value.every((rows) => !integer(0, MAX_STEPS)(rows, ""))
    ? undefined
    : "two counts of rows";

const hidden: Check = (value, where) => {
  if (typeof value !== "object" || value === null) return "an object";
  const { type } = value as { type?: unknown };
  const fields = typeof type === "string" ? HIDDEN[type] : undefined;
  if (!fields) return `an object with type ${Object.keys(HIDDEN).join(", ")}`;
  checkFields(`hidden of ${where}`, value, fields, ["type"]);
  return undefined;
};

const MAX_STEPS = 2 ** 24;
const MAX_WIDTH = 2 ** 24;
const MAX_LAYERS = 10_000;
/** Inputs of all layers together. */
const MAX_INPUTS = 100_000;

/** Required fields end in "!". */
type Fields = Readonly<Record<string, Check>>;

/** A table without inherited names: the keys come from files. */
function table<K extends string>(entries: Record<K, Fields>): Readonly<Record<K, Fields>> {
  return Object.assign(Object.create(null), entries);
}

const CELLS = {
  dense: { activation },
  rnn: { activation },
  lstm: { activation, gateActivation: activation },
  gru: { activation, gateActivation: activation, resetAfter: flag },
} satisfies Record<string, Fields>;

const HIDDEN: Readonly<Record<string, Fields>> = table<string>(CELLS);

const LAYERS: Readonly<Record<LayerType, Fields>> = table<LayerType>({
  lmu: {
    "order!": integer(1, MAX_ORDER),
    theta,
    discretizer: oneOf("zoh", "euler", "bilinear"),
    encoderActivation: activation,
    memoryActivation: activation,
    gateActivation: activation,
    hidden,
  },
  ...CELLS,
  activation: { "activation!": activation },
  scale: {},
  "layer-norm": { "epsilon!": positiveFloat },
  embedding: {},
  convolution: {
    stride: integer(1, MAX_STEPS),
    dilation: integer(1, MAX_STEPS),
    groups: integer(1, MAX_WIDTH),
    padding,
    activation,
  },
  pool: {
    "mode!": oneOf("max", "mean"),
    "size!": integer(1, MAX_STEPS),
    stride: integer(1, MAX_STEPS),
  },
  "global-pool": { "mode!": oneOf("max", "mean") },
  add: {},
  subtract: {},
  multiply: {},
  maximum: {},
  minimum: {},
  mean: {},
  concatenate: {},
  slice: { "start!": integer(0, MAX_WIDTH), "width!": integer(1, MAX_WIDTH) },
  last: {},
  reverse: {},
  flatten: {},
});

/** Types of layers a description may hold. */
const LAYER_TYPES: readonly string[] = Object.keys(LAYERS);

/**
 * A model description, checked: known fields of the right kind, unique names, inputs that exist before they are read.
 * Sizes are checked against the tensors when the model is planned.
 *
 * @throws LmuError description-invalid, layer-unsupported or option-unsupported, naming the field
 */
export function validateDescription(value: unknown): Description {
  checkFields(
    "the model description",
    value,
    {
      "version!": (version) =>
        version === 1 ? undefined : "1 (a newer file needs a newer lmu-wasm)",
      "input!": checkInput,
      "layers!": (layers) =>
        Array.isArray(layers) && layers.length > 0 && layers.length <= MAX_LAYERS
          ? undefined
          : `a list of 1 to ${MAX_LAYERS} layers`,
      output: text,
      source: text,
    },
    [],
  );
  const description = value as Description;
  const names = new Set(["input"]);
  let inputs = 0;
  for (const [index, layer] of description.layers.entries()) {
    checkLayer(layer, index, names);
    inputs += layer.from?.length ?? 1;
  }
  if (inputs > MAX_INPUTS) {
    fail("description-invalid", `its layers read ${inputs} inputs, expected at most ${MAX_INPUTS}`);
  }
  if (description.output !== undefined && !names.has(description.output)) {
    fail(
      "description-invalid",
      `output is ${brief(description.output)}, expected the name of a layer`,
    );
  }
  return description;
}

const text: Check = (value) =>
  typeof value === "string" && value.length <= 1000 ? undefined : "a text";

function checkInput(value: unknown, where: string): string | undefined {
  checkFields(
    `input of ${where}`,
    value,
    {
      width: integer(1, MAX_WIDTH),
      vocabulary: integer(1, MAX_WIDTH),
      steps: integer(1, MAX_STEPS),
    },
    [],
  );
  const input = value as Description["input"];
  return (input.width === undefined) === (input.vocabulary === undefined)
    ? "either width or vocabulary"
    : undefined;
}

/** Checks one layer and adds its name to those that later layers may read. */
function checkLayer(layer: LayerDescription, index: number, names: Set<string>): void {
  if (typeof layer !== "object" || layer === null) {
    fail("description-invalid", `layer ${index} is ${brief(layer)}, expected an object`);
  }
  const { name, type } = layer;
  if (typeof name !== "string" || name === "" || names.has(name)) {
    fail("description-invalid", `layer ${index} has name ${brief(name)}, expected a unique text`);
  }
  // Not by the key alone: ["dense"] would find what "dense" does.
  const fields = typeof type === "string" ? LAYERS[type] : undefined;
  if (!fields) {
    fail(
      "layer-unsupported",
      `layer ${name} has type ${brief(type)} with ${brief(layer)}, expected one of ${LAYER_TYPES.join(", ")}`,
    );
  }
  checkFields(`layer ${name}`, layer, fields, ["name", "type", "from"]);
  if (layer.from !== undefined && (!Array.isArray(layer.from) || layer.from.length === 0)) {
    fail(
      "description-invalid",
      `layer ${name} has from ${brief(layer.from)}, expected a list of names`,
    );
  }
  for (const from of layer.from ?? []) {
    if (!names.has(from)) {
      fail("description-invalid", `layer ${name} reads ${brief(from)}, expected a layer before it`);
    }
  }
  names.add(name);
}

function checkFields(
  where: string,
  value: unknown,
  fields: Fields,
  others: readonly string[],
): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    fail("description-invalid", `${where} is ${brief(value)}, expected an object`);
  }
  const given = new Map(Object.entries(value));
  for (const [key, check] of Object.entries(fields)) {
    const name = key.replace("!", "");
    const field = given.get(name);
    if (field === undefined && !key.endsWith("!")) {
      given.delete(name);
      continue;
    }
    const expected = check(field, where);
    if (expected)
      fail("description-invalid", `${where} has ${name} ${brief(field)}, expected ${expected}`);
    given.delete(name);
  }
  for (const name of others) given.delete(name);
  for (const name of given.keys()) {
    fail("description-invalid", `${where} has the unknown field ${brief(name)}`);
  }
}

function fail(code: "description-invalid" | "layer-unsupported", problem: string): never {
  throw new LmuError(code, `Cannot load the model: ${problem}`);
}
