import type { ActivationDescription } from "../../description.js";
import { LmuError } from "../../errors.js";
import { reshape, type Tensor, transpose } from "../../tensor.js";
import type { Importer, Output } from "../importer.js";
import type { Fields } from "./config.js";
import { importMatrices } from "../matrices.js";
import type { LayerWeights } from "./layer-weights.js";

/*
 * keras-lmu 0.1, the code of the NeurIPS 2019 paper: LMUCell, LMUCellODE, LMUCellGating inside RNN. The file holds the
 * matrices; order, theta and units stand nowhere else.
 */

/** Whether the weights of an RNN are those of a 0.1 cell. */
export function isOriginalCell(weights: LayerWeights): boolean {
  return weights.names?.includes("AT") === true;
}

/** Imports one cell; gives the sequence. */
export function importOriginal(
  className: string,
  fields: Fields,
  weights: LayerWeights,
  x: Output,
  importer: Importer,
): Output {
  if (className === "LMUCellODE" || weights.names?.includes("encoders"))
    return importOde(fields, weights, x, importer);
  return importCell(className, fields, weights, x, importer);
}

/** u = e_x x + e_h h + e_m m; m ← m + (A - I) m + B u; h = f(W_x x + W_h h + W_m m (+ b)). */
function importCell(
  className: string,
  fields: Fields,
  weights: LayerWeights,
  x: Output,
  importer: Importer,
): Output {
  const names = weights.names ?? [];
  const isGating = className === "LMUCellGating" || names.includes("forget_bias");
  const roles = [
    ...[
      "input_encoders",
      "hidden_encoders",
      "memory_encoders",
      "input_kernel",
      "hidden_kernel",
      "memory_kernel",
    ],
    ...(isGating ? ["forget_input_kernel", "forget_hidden_kernel", "forget_bias"] : []),
    ...(names.includes("bias") ? ["bias"] : []),
    ...["AT", "BT"],
  ];
  const tensors = weights.read(roles);
  const convention = { isMinusIdentity: true, isTransposed: true };
  const matrices = importMatrices(
    tensors["AT"]!,
    tensors["BT"]!,
    convention,
    fields.layer,
    importer,
    { keeps: isGating },
  );
  const order = tensors["AT"]!.shape[0]!;
  const units = tensors["hidden_kernel"]!.shape[0]!;
  const flat = (tensor: Tensor | undefined, length: number) => tensor && reshape(tensor, [length]);
  const layer = {
    type: "lmu" as const,
    order,
    ...matrices.fields,
    ...(isGating && gatingOf(fields)),
    hidden: { type: "rnn" as const, activation: fields.activation("hidden_activation", "tanh") },
  };
  return importer.add(fields.layer, layer, [x], units, {
    "encoder.input": transpose(tensors["input_encoders"]!),
    "encoder.hidden": transpose(tensors["hidden_encoders"]!),
    "encoder.memory": transpose(tensors["memory_encoders"]!),
    "gate.input": tensors["forget_input_kernel"] && transpose(tensors["forget_input_kernel"]),
    "gate.hidden": tensors["forget_hidden_kernel"] && transpose(tensors["forget_hidden_kernel"]),
    "gate.bias": flat(tensors["forget_bias"], order),
    ...matrices.tensors,
    "hidden.input": transpose(tensors["input_kernel"]!),
    "hidden.recurrent": transpose(tensors["hidden_kernel"]!),
    "hidden.memory": transpose(tensors["memory_kernel"]!),
    "hidden.bias": flat(tensors["bias"], units),
  });
}

function gatingOf(fields: Fields): {
  gateActivation: ActivationDescription;
  encoderActivation?: ActivationDescription;
} {
  const input = fields.activation("input_activation", "linear");
  return {
    gateActivation: fields.activation("gate_activation", "linear"),
    ...(input !== "linear" && { encoderActivation: input }),
  };
}

/**
 * LMUCellODE: independent memories u = E x, stored after an activation, read by a decoder. Here AT is continuous and
 * already divided by theta; it is discretized by Euler's rule, with the step dt among the weights.
 */
function importOde(fields: Fields, weights: LayerWeights, x: Output, importer: Importer): Output {
  const names = weights.names ?? [];
  const hasDt = names.includes("dt");
  const roles = ["encoders", ...(hasDt ? ["dt"] : []), "decoders", "AT", "B"];
  const tensors = weights.read(roles);
  if (fields.text("method", "euler") !== "euler") fields.refuse("method", '"euler"');
  const dt = tensors["dt"] ? reshape(tensors["dt"], [1]).at(0) : 1;
  const AT = tensors["AT"]!;
  const order = AT.shape[0]!;
  if (AT.shape.length !== 2 || AT.shape[1] !== order) {
    throw new LmuError(
      "tensor-invalid",
      `Cannot load the model: AT of ${fields.layer} has shape [${AT.shape.join(", ")}], expected a square`,
    );
  }
  const B = reshape(tensors["B"]!, [order]);
  const decoders = tensors["decoders"]!;
  const memoryActivation = fields.activation("hidden_activation", "linear");
  importer.notes.push(
    `${fields.layer}: continuous matrices, discretized by Euler's rule with dt ${dt}`,
  );
  const scaled = (tensor: Tensor): Tensor => ({
    ...tensor,
    at: (i) => Math.fround(dt * tensor.at(i)),
  });
  return importer.add(
    fields.layer,
    {
      type: "lmu",
      order,
      ...(memoryActivation !== "linear" && { memoryActivation }),
      hidden: { type: "dense", activation: fields.activation("output_activation", "tanh") },
    },
    [x],
    decoders.shape[1]!,
    {
      "encoder.input": transpose(tensors["encoders"]!),
      D: scaled(transpose(AT)),
      B: scaled(B),
      "hidden.memory": transpose(decoders),
    },
  );
}
