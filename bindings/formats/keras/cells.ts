import type { RecurrentDescription } from "../../description.js";
import { reshape, rowsOf, type Tensor, transpose } from "../../tensor.js";
import { sumOf } from "../importer.js";
import { readActivation } from "./activation-options.js";
import type { Fields } from "./fields.js";
import type { LayerWeights, Part } from "./layer-weights.js";

/** A recurrent cell of Keras, in the terms of a description: weights [outputs, inputs]. */
export interface Cell {
  readonly description: RecurrentDescription;
  readonly units: number;
  /** Weights of the input, [gates·units, inputs]. */
  readonly input: Tensor;
  readonly tensors: Readonly<Record<"recurrent" | "bias" | "recurrent_bias", Tensor | undefined>>;
}

/** Cells by the class names of layers and of cells. */
const TYPES: Readonly<Record<string, RecurrentDescription["type"]>> = {
  SimpleRNN: "rnn",
  SimpleRNNCell: "rnn",
  LSTM: "lstm",
  LSTMCell: "lstm",
  GRU: "gru",
  GRUCell: "gru",
};

export function cellType(className: string): RecurrentDescription["type"] | undefined {
  return Object.hasOwn(TYPES, className) ? TYPES[className] : undefined;
}

/** Reads a SimpleRNN, LSTM or GRU cell. */
export function readCell(
  className: string,
  fields: Fields,
  weights: LayerWeights,
  part: Part,
): Cell {
  const type = cellType(className)!;
  const roles = ["kernel", "recurrent_kernel", ...(fields.flag("use_bias", true) ? ["bias"] : [])];
  const { kernel, recurrent_kernel: recurrent, bias } = weights.read(roles, part);
  const resets = type === "gru" && resetsAfter(fields, bias);
  const description: RecurrentDescription = {
    type,
    activation: readActivation(fields, "activation", "tanh"),
    // Versions differ in what they take when it is not there.
    ...(type !== "rnn" && { gateActivation: readActivation(fields, "recurrent_activation") }),
    ...(type === "gru" && { resetAfter: resets }),
  };
  const units = recurrent!.shape[0]!;
  fields.size("units", units);
  return {
    description,
    units,
    input: transpose(kernel!),
    tensors: { recurrent: transpose(recurrent!), ...biasesOf(bias, units, resets) },
  };
}

/** Configurations before Keras 2.1.5 do not say, and versions differ; there the shape of the bias does. */
function resetsAfter(fields: Fields, bias: Tensor | undefined): boolean {
  if (!fields.has("reset_after") && !bias) fields.refuse("reset_after", "true or false");
  return fields.flag("reset_after", bias?.shape.length === 2);
}

/**
 * A bias per gate and, for a GRU that resets after the product, the one inside the reset. Keras keeps two rows then, the
 * second belonging to the recurrent product; outside the candidate the two only ever occur as a sum.
 */
function biasesOf(
  bias: Tensor | undefined,
  units: number,
  resetsAfter: boolean,
): { bias: Tensor | undefined; recurrent_bias: Tensor | undefined } {
  if (!bias || !resetsAfter) return { bias, recurrent_bias: undefined };
  bias = reshape(bias, [2, 3 * units]);
  const row = (index: number): Tensor => {
    const { dtype } = bias;
    return { dtype, shape: [3 * units], at: (i) => bias.at(index * 3 * units + i) };
  };
  const [input, recurrent] = [row(0), row(1)];
  const sum = sumOf(input, recurrent);
  const isGate = (i: number) => i < 2 * units;
  return {
    bias: { ...sum, at: (i) => (isGate(i) ? sum.at(i) : input.at(i)) },
    recurrent_bias: rowsOf(recurrent, 2 * units, 3 * units),
  };
}
