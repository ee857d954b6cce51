import type { MergeDescription } from "../../description.js";
import { LmuError } from "../../errors.js";
import { reshape, sizeOf, transpose } from "../../tensor.js";
import { type Output, unlessLinear } from "../importer.js";
import { addPrelu } from "../prelu.js";
import {
  ACTIVATION_LAYERS,
  activationLayer,
  isActivationLayer,
  readActivation,
} from "./activation-options.js";
import type { Call, Import, LayerCall } from "./call.js";
import { cellType } from "./cells.js";
import { isLastAxis } from "./config.js";
import { importConvolution, importDepthwise, importSeparable } from "./convolution.js";
import { Fields } from "./fields.js";
import { importLmu, isLmuLayer } from "./keras-lmu.js";
import {
  importBatchNormalization,
  importLayerNormalization,
  importNormalization,
  importRescaling,
} from "./normalisation.js";
import { importOriginal, isOriginal } from "./original.js";
import { importGlobalPool, importPool } from "./pool.js";
import { GET_ITEM } from "./references.js";
import { importRecurrent, importRnn, returned } from "./rnn.js";
import { importBidirectional, importTimeDistributed } from "./wrappers.js";

/** Layers that do nothing at inference. */
const IDENTITIES = new Set([
  "Dropout",
  "SpatialDropout1D",
  "GaussianDropout",
  "GaussianNoise",
  "AlphaDropout",
  "ActivityRegularization",
  "Identity",
]);

const MERGES: Readonly<Record<string, MergeDescription["type"]>> = {
  Add: "add",
  Subtract: "subtract",
  Multiply: "multiply",
  Maximum: "maximum",
  Minimum: "minimum",
  Average: "mean",
  Concatenate: "concatenate",
};

const IMPORTS: Readonly<Record<string, Import>> = {
  Dense: importDense,
  RNN: importRnn,
  Bidirectional: importBidirectional,
  TimeDistributed: importTimeDistributed,
  BatchNormalization: importBatchNormalization,
  LayerNormalization: importLayerNormalization,
  Normalization: importNormalization,
  Rescaling: importRescaling,
  Embedding: importEmbedding,
  PReLU: importPrelu,
  Conv1D: importConvolution,
  DepthwiseConv1D: importDepthwise,
  SeparableConv1D: importSeparable,
  MaxPooling1D: (call, x) => importPool(call, x, "max"),
  MaxPool1D: (call, x) => importPool(call, x, "max"),
  AveragePooling1D: (call, x) => importPool(call, x, "mean"),
  AvgPool1D: (call, x) => importPool(call, x, "mean"),
  GlobalMaxPooling1D: (call, x) => importGlobalPool(call, x, "max"),
  GlobalMaxPool1D: (call, x) => importGlobalPool(call, x, "max"),
  GlobalAveragePooling1D: (call, x) => importGlobalPool(call, x, "mean"),
  GlobalAvgPool1D: (call, x) => importGlobalPool(call, x, "mean"),
  Flatten: importFlatten,
  [GET_ITEM]: importLastStep,
};

/** What `Cannot load the model` lists when a layer is not among them. */
const SUPPORTED: readonly string[] = [
  ...["LMU", "LMUFeedforward", "LMUFFT", "LMUCell", "LMUCellODE", "LMUCellGating"],
  ...["LSTM", "GRU", "SimpleRNN", ...Object.keys(IMPORTS)],
  ...ACTIVATION_LAYERS,
  ...Object.keys(MERGES),
  ...IDENTITIES,
  ...["InputLayer", "Sequential", "Functional"],
];

/** Imports one call of a layer; nested models are the graph's business. */
export function importLayer(call: LayerCall): Output {
  const { name, config } = call.layer;
  return Fields.read(name, config, call.kerasVersion, (fields) => importCall({ ...call, fields }));
}

function importCall(call: Call): Output {
  const { layer, fields, inputs, importer } = call;
  const { className } = layer;
  const merge = Object.hasOwn(MERGES, className) ? MERGES[className] : undefined;
  if (merge && inputs.length > 0) return importMerge(call, merge);
  if (inputs.length !== 1) {
    throw new LmuError(
      "layer-unsupported",
      `Cannot load the model: layer ${layer.name} (${className}) has ${inputs.length} inputs, expected 1`,
    );
  }
  const x = inputs[0]!;
  if (IDENTITIES.has(className)) return x;
  if (isActivationLayer(className)) {
    const activation = activationLayer(className, fields, x);
    return importer.add(layer.name, { type: "activation", activation }, [x], x.width);
  }
  if (isLmuLayer(className)) return returned(call, importLmuLayer(call, x));
  if (cellType(className)) return importRecurrent(call, x);
  const known = Object.hasOwn(IMPORTS, className) ? IMPORTS[className] : undefined;
  if (known) return known(call, x, importLayer);
  throw new LmuError(
    "layer-unsupported",
    `Cannot load the model: layer ${layer.name} is a ${className}, expected one of ${SUPPORTED.join(", ")}`,
  );
}

/** Of keras-lmu 0.2 and later, or of the development version before it, around a cell of 0.1. */
function importLmuLayer({ fields, weights, importer }: Call, x: Output): Output {
  if (isOriginal(weights)) return importOriginal("LMU", fields, weights, x, importer);
  return importLmu(fields, weights, x, importer, { isCell: false });
}

function importDense({ layer, fields, weights, importer }: Call, x: Output): Output {
  const { kernel, bias } = weights.read([
    "kernel",
    ...(fields.flag("use_bias", true) ? ["bias"] : []),
  ]);
  const activation = unlessLinear(readActivation(fields, "activation", "linear"));
  const width = kernel!.shape[1]!;
  fields.size("units", width);
  return importer.add(layer.name, { type: "dense", ...activation }, [x], width, {
    weight: transpose(kernel!),
    bias,
  });
}

function importEmbedding({ layer, fields, weights, importer }: Call, x: Output): Output {
  fields.only("mask_zero", false);
  const { embeddings } = weights.read(["embeddings"]);
  fields.size("input_dim", embeddings!.shape[0]!);
  fields.size("output_dim", embeddings!.shape[1]!);
  return importer.add(layer.name, { type: "embedding" }, [x], embeddings!.shape[1]!, {
    weight: embeddings,
  });
}

/** A slope for every feature or one for all, but none for every step: `shared_axes` has the first axis, time. */
function importPrelu({ layer, fields, weights, importer }: Call, x: Output): Output {
  const { alpha } = weights.read(["alpha"]);
  const size = sizeOf(alpha!.shape);
  const isShared = alpha!.shape.slice(0, -1).every((length) => length === 1);
  if (!isShared || ![1, x.width || size].includes(size)) {
    fields.refuse("shared_axes", "[1], slopes that all steps share");
  }
  fields.ignore("shared_axes");
  return addPrelu(importer, layer.name, { ...x, width: x.width || size }, reshape(alpha!, [size]));
}

/** The width is not known before the layer after it; nothing that reads it needs to know. */
function importFlatten({ layer, fields, importer }: Call, x: Output): Output {
  // The order of what is left of a sequence; a row has but one.
  if (x.isRow) fields.ignore("data_format");
  else fields.only("data_format", "channels_last");
  if (x.isRow) return x;
  importer.needsSteps = true;
  return importer.add(layer.name, { type: "flatten" }, [x], NaN);
}

/** x[:, -1]: of a row that would be its last feature. */
function importLastStep({ layer, importer }: Call, x: Output): Output {
  if (!x.isRow) return importer.last(layer.name, x);
  throw new LmuError(
    "layer-unsupported",
    `Cannot load the model: layer ${layer.name} (${GET_ITEM}) takes a feature, expected the last step of a sequence`,
  );
}

function importMerge(
  { layer, fields, inputs, importer }: Call,
  type: MergeDescription["type"],
): Output {
  // x * 2 is saved as a Multiply, too: the number stands among the arguments of the call.
  if (inputs.length < 2) {
    throw new LmuError(
      "layer-unsupported",
      `Cannot load the model: layer ${layer.name} (${layer.className}) has ${inputs.length} tensors for inputs, expected 2 or more`,
    );
  }
  if (type === "concatenate") {
    const isRow = inputs.every((input) => input.isRow);
    if (!isLastAxis(fields.value("axis") ?? -1, { isRow }))
      fields.refuse("axis", "-1, the features");
  }
  const width =
    type === "concatenate" ? inputs.reduce((sum, input) => sum + input.width, 0) : inputs[0]!.width;
  return importer.add(layer.name, { type }, inputs, width);
}
