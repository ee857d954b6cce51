import type { HiddenDescription } from "../../description.js";
import { LmuError } from "../../errors.js";
import { MAX_ORDER } from "../../legendre.js";
import { computed, reshape, splitColumns, type Tensor, transpose } from "../../tensor.js";
import { type Importer, type Output, unlessLinear } from "../importer.js";
import { importMatrices } from "../matrices.js";
import { cellType, readCell } from "./cells.js";
import { readActivation } from "./activation-options.js";
import { classNameOf, type Json } from "./config.js";
import { Fields } from "./fields.js";
import type { LayerWeights, Part } from "./layer-weights.js";

/*
 * keras-lmu 0.2 and later: LMU, LMUFeedforward (LMUFFT before 0.4), LMUCell inside RNN. Equations and layouts as
 * documented by that package; the flat memory is channel-major, order fastest, kernels are [in, out].
 */

/** Class names, without the package that registered them. */
const LAYERS = new Set(["LMU", "LMUFeedforward", "LMUFFT"]);

export function isLmuLayer(className: string): boolean {
  return LAYERS.has(className);
}

/** What the options of a layer come to. */
interface Options {
  readonly channels: number;
  readonly order: number;
  readonly theta: number;
  readonly discretizer: "zoh" | "euler";
  readonly feedsHidden: boolean;
  readonly feedsMemory: boolean;
  readonly feedsInput: boolean;
  readonly hasKernel: boolean;
  readonly hasBias: boolean;
  readonly trainsTheta: boolean;
}

/** The hidden cell: its kind, its width, and its weights over memory and input together. */
interface Hidden {
  readonly description: HiddenDescription;
  readonly units: number;
  /** [gates·units, memory + input] */
  readonly input: Tensor;
  readonly tensors: Readonly<Record<string, Tensor | undefined>>;
}

/** Imports one layer; gives the sequence, whatever the layer returns. */
export function importLmu(
  fields: Fields,
  weights: LayerWeights,
  x: Output,
  importer: Importer,
  where: { readonly isCell: boolean },
): Output {
  const options = readOptions(fields);
  noteTruncation(fields, importer);
  const hidden = readHidden(
    fields,
    weights,
    where.isCell ? ["cell", "hidden_cell"] : ["hidden_cell"],
  );
  const memory = readMemory(fields, weights, options, where.isCell);
  const { channels, order } = options;
  const name = fields.layer;
  const size = channels * order;
  const encoder = encoderOf(memory, options, x.width, hidden?.units ?? 0, name);
  const matrices = matricesOf(memory, options, name, importer);
  const [fromMemory, fromInput] = hidden
    ? splitHidden(hidden.input, size, x.width, options, name)
    : [];
  const layer = {
    type: "lmu" as const,
    order,
    ...matrices.fields,
    ...(hidden && { hidden: hidden.description }),
  };
  const output = importer.add(name, layer, [x], hidden?.units ?? size, {
    ...encoder,
    ...matrices.tensors,
    "hidden.memory": fromMemory,
    "hidden.input": fromInput,
    ...Object.fromEntries(
      Object.entries(hidden?.tensors ?? {}).map(([role, tensor]) => [`hidden.${role}`, tensor]),
    ),
  });
  if (hidden || !options.feedsInput) return output;
  // Without a hidden cell, input_to_hidden means that the input goes along: memory first.
  return importer.add(`${name}/skip`, { type: "concatenate" }, [output, x], size + x.width);
}

function readOptions(fields: Fields): Options {
  const options: Options = {
    channels: fields.integer("memory_d"),
    order: fields.integer("order"),
    theta: fields.number("theta"),
    discretizer: fields.text("discretizer", "zoh") as "zoh" | "euler",
    feedsHidden: fields.flag("hidden_to_memory", false),
    feedsMemory: fields.flag("memory_to_memory", false),
    feedsInput: fields.flag("input_to_hidden", false),
    hasKernel: fields.value("kernel_initializer") !== null,
    hasBias: fields.flag("use_bias", false),
    trainsTheta: fields.flag("trainable_theta", false),
  };
  if (options.order < 1 || options.order > MAX_ORDER)
    fields.refuse("order", `an integer from 1 to ${MAX_ORDER}`);
  if (options.channels < 1) fields.refuse("memory_d", "a count above 0");
  if (options.theta <= 0) fields.refuse("theta", "a number above 0");
  if (options.discretizer !== "zoh" && options.discretizer !== "euler")
    fields.refuse("discretizer", "zoh or euler");
  if (options.feedsHidden && !fields.has("hidden_cell"))
    fields.refuse("hidden_to_memory", "false, without a hidden cell");
  return options;
}

/** A convolution of LMUFeedforward may end where the memory has nearly forgotten; here it never does. */
function noteTruncation(fields: Fields, importer: Importer): void {
  const isRaw = fields.text("conv_mode", "fft") === "raw";
  if (!fields.has("truncate_ir") || !isRaw) return;
  const share = fields.number("truncate_ir");
  importer.notes.push(
    `${fields.layer}: Keras cuts off the last ${share} of the memory's response (truncate_ir), this does not`,
  );
}

function readHidden(
  fields: Fields,
  weights: LayerWeights,
  path: readonly string[],
): Hidden | undefined {
  if (!fields.has("hidden_cell")) return undefined;
  const { config, ...serialised } = Object(fields.value("hidden_cell")) as Json;
  if (typeof config !== "object" || config === null) {
    fields.refuse("hidden_cell", "a serialised layer");
  }
  const name = `${fields.layer}/hidden_cell`;
  return Fields.read(name, config as Json, fields.kerasVersion, (inner) => {
    const part: Part = { path, inside: inner.text("name", "hidden_cell") };
    return readHiddenCell(classNameOf(serialised), fields, inner, weights, part);
  });
}

function readHiddenCell(
  className: string,
  fields: Fields,
  inner: Fields,
  weights: LayerWeights,
  part: Part,
): Hidden {
  if (cellType(className)) {
    const { description, units, input, tensors } = readCell(className, inner, weights, part);
    return { description, units, input, tensors };
  }
  if (className !== "Dense")
    fields.refuse("hidden_cell", "null, Dense, SimpleRNNCell, LSTMCell or GRUCell");
  const roles = ["kernel", ...(inner.flag("use_bias", true) ? ["bias"] : [])];
  const { kernel, bias } = weights.read(roles, part);
  const description = {
    type: "dense" as const,
    ...unlessLinear(readActivation(inner, "activation", "linear")),
  };
  const units = kernel!.shape[1]!;
  inner.size("units", units);
  return { description, units, input: transpose(kernel!), tensors: { bias } };
}

/** The memory's own variables, in the order keras-lmu creates them. */
function readMemory(
  fields: Fields,
  weights: LayerWeights,
  { channels, hasKernel, hasBias, trainsTheta, feedsMemory }: Options,
  isCell: boolean,
): Record<string, Tensor> {
  const roles = [
    ...(hasKernel ? ["kernel"] : []),
    ...(hasBias ? ["bias"] : []),
    ...(trainsTheta ? ["theta_inv"] : []),
    ...(feedsMemory ? ["recurrent_kernel"] : []),
  ];
  const hiddenCell = fields.value("hidden_cell") as
    { readonly config?: { readonly name?: string } } | null | undefined;
  const outside = hiddenCell?.config?.name;
  // 0.2 and 0.3 keep the matrices among the weights.
  const names = weights.names;
  if (names?.includes("A") && names.includes("B")) roles.push("A", "B");
  // Alone, or inside the layer that LMU chose for itself: the feedforward one or a cell in an RNN.
  const places = isCell ? [["cell"]] : [["layer"], ["layer", "cell"], []];
  const path = places.find((place) => weights.count(place) === roles.length) ?? places[0]!;
  const found = weights.read(roles, { path, ...(outside !== undefined && { outside }) });
  return found["bias"] ? { ...found, bias: reshape(found["bias"], [channels]) } : found;
}

/** Encoder weights by role. */
function encoderOf(
  { kernel, bias, recurrent_kernel: recurrent }: Record<string, Tensor>,
  { channels, feedsHidden, feedsMemory }: Options,
  inputs: number,
  units: number,
  name: string,
): Record<string, Tensor | undefined> {
  const width = inputs + (feedsHidden ? units : 0);
  if (!kernel && width !== channels) {
    throw new LmuError(
      "description-invalid",
      `Cannot load the model: layer ${name} has no kernel and ${width} inputs, expected memory_d ${channels}`,
    );
  }
  if (!kernel && !bias && !feedsMemory && !feedsHidden) return {};
  const weights = kernel ? transpose(kernel) : identity(channels);
  const [input, hidden] = feedsHidden ? splitColumns(weights, inputs) : [weights, undefined];
  return {
    "encoder.input": input,
    "encoder.hidden": hidden,
    "encoder.memory": recurrent && transpose(recurrent),
    "encoder.bias": bias,
  };
}

/** What says which matrices the memory uses: theta, trained or not, or the matrices themselves. */
function matricesOf(
  memory: Record<string, Tensor>,
  { theta, discretizer }: Options,
  name: string,
  importer: Importer,
): {
  fields: { theta?: number; discretizer?: "euler" };
  tensors: Record<string, Tensor | undefined>;
} {
  const inverse = memory["theta_inv"] && reshape(memory["theta_inv"], [1]).at(0);
  if (inverse !== undefined) {
    if (!(inverse >= 0 && Number.isFinite(inverse))) {
      throw new LmuError(
        "tensor-invalid",
        `Cannot load the model: theta_inv of ${name} is ${inverse}, expected at least 0`,
      );
    }
    importer.notes.push(
      `${name}: theta ${(1 / inverse).toPrecision(6)} as trained (configured: ${theta})`,
    );
  }
  const rule = discretizer === "euler" ? { discretizer } : {};
  if (!memory["A"] || !memory["B"]) {
    const trained = inverse === undefined ? theta : 1 / inverse;
    return {
      fields: { theta: trained === Infinity ? ("Infinity" as never) : trained, ...rule },
      tensors: {},
    };
  }
  const convention = { isMinusIdentity: false, isTransposed: true };
  const hint = discretizer === "zoh" ? { theta } : { keeps: true };
  return importMatrices(memory["A"], memory["B"], convention, name, importer, hint);
}

/** Hidden weights over memory and input: memory first. */
function splitHidden(
  weights: Tensor,
  memory: number,
  inputs: number,
  { feedsInput }: Options,
  name: string,
): [Tensor, Tensor | undefined] {
  const columns = weights.shape[1]!;
  const expected = memory + (feedsInput ? inputs : 0);
  if (columns !== expected) {
    throw new LmuError(
      "tensor-invalid",
      `Cannot load the model: the hidden kernel of ${name} reads ${columns} values, expected ${expected}`,
    );
  }
  return feedsInput ? splitColumns(weights, memory) : [weights, undefined];
}

function identity(size: number): Tensor {
  return computed([size, size], (i) => (i % (size + 1) === 0 ? 1 : 0));
}
