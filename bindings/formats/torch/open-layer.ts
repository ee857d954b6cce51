import { LmuError } from "../../errors.js";
import type { Tensor } from "../../tensor.js";
import type { Dialect, Layer } from "./dialect.js";
import { HIPPO } from "./hippo.js";
import { ABDOUJAOUHAR_LMU, BJKOMER_LMU, PYTORCH_LMU, PYTORCH_LMUFFT } from "./lmu-repositories.js";
import { BATCH_NORM, CONV1D, EMBEDDING, LAYER_NORM, LINEAR } from "./modules.js";
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
  ["torch-lstm", TORCH_LSTM],
  ["torch-gru", TORCH_GRU],
  ["torch-rnn", TORCH_RNN],
  ["linear", LINEAR],
  ["embedding", EMBEDDING],
  ["batch-norm", BATCH_NORM],
  ["layer-norm", LAYER_NORM],
  ["conv1d", CONV1D],
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

/**
 * Finds what a request speaks of.
 *
 * @param read - collects the names of tensors that were asked for
 * @throws LmuError layer-unsupported, option-unsupported, description-invalid
 * @throws TypeError if the request is no object, or its prefix or name no text
 */
export function openLayer(
  request: LayerRequest,
  tensors: ReadonlyMap<string, Tensor>,
  read: Set<string>,
): OpenLayer {
  if (typeof request !== "object" || request === null) {
    throw new TypeError(`Cannot load the model: a layer is ${String(request)}, expected an object`);
  }
  const { type, prefix = "", name = prefix || type, ...options } = request;
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
    const known = ["prefix", "name", ...dialect.options!].join(", ");
    throw new LmuError(
      "option-unsupported",
      `Cannot load the model: ${type} ${name} has the option ${JSON.stringify(unknown)}, expected ${known}`,
    );
  }
  const base = prefix === "" || prefix.endsWith(".") ? prefix : `${prefix}.`;
  const weights = new Weights(tensors, base, type, read);
  const found = dialect.landmark === undefined ? weights : weights.around(dialect.landmark);
  return { dialect, type, name, options: options as Layer["options"], weights: found };
}

/** Fields of native layers are checked with the finished description. */
function isKnown({ options }: Dialect, option: string): boolean {
  return options === undefined || options.includes(option);
}
