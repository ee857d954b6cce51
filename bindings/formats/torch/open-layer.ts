import { brief, LmuError } from "../../errors.js";
import type { Tensor } from "../../tensor.js";
import type { Dialect, Layer } from "./dialect.js";
import { HIPPO } from "./hippo.js";
import { ABDOUJAOUHAR_LMU, BJKOMER_LMU, PYTORCH_LMU, PYTORCH_LMUFFT } from "./lmu-repositories.js";
import { LMUFORMER } from "./lmuformer.js";
import { BATCH_NORM, CONV1D, EMBEDDING, LAYER_NORM, LINEAR, PRELU } from "./modules.js";
import { ACTIVATION, FLATTEN, PLAIN, WITH_TENSORS } from "./native-layers.js";
import { TORCH_GRU, TORCH_LSTM, TORCH_RNN } from "./recurrent-modules.js";
import type { LayerRequest } from "./request.js";
import { Weights } from "./tensors.js";

/** Types of requests. */
const DIALECTS: ReadonlyMap<string, Dialect> = new Map<string, Dialect>([
  ["pytorch-lmu", PYTORCH_LMU],
  ["pytorch-lmufft", PYTORCH_LMUFFT],
  ["bjkomer-lmu", BJKOMER_LMU],
  ["abdoujaouhar-lmu", ABDOUJAOUHAR_LMU],
  ["hippo-legt", HIPPO],
  ["lmuformer", LMUFORMER],
  ["torch-lstm", TORCH_LSTM],
  ["torch-gru", TORCH_GRU],
  ["torch-rnn", TORCH_RNN],
  ["linear", LINEAR],
  ["embedding", EMBEDDING],
  ["batch-norm", BATCH_NORM],
  ["layer-norm", LAYER_NORM],
  ["conv1d", CONV1D],
  ["prelu", PRELU],
  ["flatten", FLATTEN],
  ["activation", ACTIVATION],
  ...["last", "global-pool", "pool", "reverse"].map(plain),
  ...["scale", "dense", "rnn", "lstm", "gru", "lmu", "convolution"].map(withTensors),
]);

function plain(type: string): [string, Dialect] {
  return [type, PLAIN];
}

function withTensors(type: string): [string, Dialect] {
  return [type, WITH_TENSORS];
}

/** A request, checked, with its tensors at hand. */
export interface OpenLayer extends Layer {
  readonly dialect: Dialect;
}

/** How a type of layer is read, if it is known. */
export function dialectOf(type: string): Dialect | undefined {
  return DIALECTS.get(type);
}

/** The tensors of a file, for all layers of a request. */
export interface TensorFile {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** What every name begins with, so that a prefix may leave it out: "" or "module." */
  readonly root: string;
  /** Collects the names of tensors that were asked for. */
  readonly read: Set<string>;
}

/**
 * Finds what a request speaks of.
 *
 * @throws LmuError layer-unsupported, option-unsupported, description-invalid
 * @throws TypeError if the request is no object, its prefix or name no text, or its tensors no texts by name
 */
export function openLayer(request: LayerRequest, { tensors, root, read }: TensorFile): OpenLayer {
  if (typeof request !== "object" || request === null) {
    throw new TypeError(`Cannot load the model: a layer is ${String(request)}, expected an object`);
  }
  const { type, prefix = "", name = prefix || type, tensors: renamed, ...options } = request;
  for (const [field, value] of Object.entries({ prefix, name })) {
    if (typeof value === "string") continue;
    const given = String(value);
    throw new TypeError(`Cannot load the model: ${field} of a layer is ${given}, expected a text`);
  }
  const dialect = DIALECTS.get(type);
  if (!dialect) {
    throw new LmuError(
      "layer-unsupported",
      `Cannot load the model: layer ${name} has type ${JSON.stringify(type)}, expected one of ${[...DIALECTS.keys()].join(", ")}`,
    );
  }
  const unknown = Object.keys(options).find((option) => !isKnown(dialect, option));
  if (unknown !== undefined) {
    const known = ["prefix", "name", "tensors", ...dialect.options!].join(", ");
    throw new LmuError(
      "option-unsupported",
      `Cannot load the model: ${type} ${name} has the option ${JSON.stringify(unknown)}, expected ${known}`,
    );
  }
  const asked = prefix === "" || prefix.endsWith(".") ? prefix : `${prefix}.`;
  const base = asked.startsWith(root) ? asked : root + asked;
  const aliases = renamed === undefined ? undefined : aliasesOf(renamed, name);
  const weights = new Weights({ all: tensors, base, type, read, ...(aliases && { aliases }) });
  const found = weights.around(...(dialect.landmarks ?? []));
  return { dialect, type, name, options: options as Layer["options"], weights: found };
}

function aliasesOf(renamed: unknown, name: string): ReadonlyMap<string, string> {
  const isObject = typeof renamed === "object" && renamed !== null && !Array.isArray(renamed);
  const entries = isObject ? Object.entries(renamed) : [];
  if (!isObject || entries.some(([, stored]) => typeof stored !== "string")) {
    throw new TypeError(
      `Cannot load the model: tensors of layer ${name} is ${brief(renamed)}, expected names in the file by name`,
    );
  }
  return new Map(entries);
}

/** Fields of native layers are checked with the finished description. */
function isKnown({ options }: Dialect, option: string): boolean {
  return options === undefined || options.includes(option);
}
