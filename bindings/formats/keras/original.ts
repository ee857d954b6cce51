import type { ActivationDescription } from "../../activations.js";
import type { LmuDescription } from "../../description.js";
import { LmuError } from "../../errors.js";
import { reshape, type Tensor, transpose } from "../../tensor.js";
import type { Importer, Output } from "../importer.js";
import { importMatrices } from "../matrices.js";
import { readActivation } from "./activation-options.js";
import type { Fields } from "./fields.js";
import type { LayerWeights } from "./layer-weights.js";

/*
 * keras-lmu 0.1, the code of the NeurIPS 2019 paper: LMUCell, LMUCellODE, LMUCellGating inside RNN; and LMU(units=…) of
 * mid-2020, which puts an LMUCell into an RNN itself, or computes it by FFT when nothing is recurrent.
 */

/** Whether weights are those of a 0.1 cell. */
export function isOriginal(weights: LayerWeights): boolean {
  return ["AT", "input_encoders"].some((name) => weights.names?.includes(name));
}

/** Imports one cell; gives the sequence. */
export function importOriginal(
  className: string,
  fields: Fields,
  weights: LayerWeights,
  x: Output,
  importer: Importer,
): Output {
  // The matrices are in the file, whatever they were made by; so are connections that were switched off: as zeros.
  fields.ignore("method", "factory", "factor", "realizer", "theta", "order");
  fields.ignore("memory_to_memory", "hidden_to_memory", "hidden_to_hidden");
  fields.ignore(...TRAINABLE.map((name) => `trainable_${name}`));
  const names = weights.names ?? [];
  if (className === "LMUCellODE" || names.includes("encoders"))
    return importOde(fields, weights, x, importer);
  if (!names.includes("AT")) return importFft(fields, weights, x, importer);
  return importCell(className, fields, weights, x, importer);
}

/** What training may leave alone. */
const TRAINABLE = [
  ...["input_encoders", "hidden_encoders", "memory_encoders", "encoders", "decoders"],
  ...["input_kernel", "hidden_kernel", "memory_kernel", "A", "B", "dt"],
  ...["forget_input_kernel", "forget_hidden_kernel", "forget_bias"],
];

/**
 * What options are when the file has none. The cells of the paper wrote none at all, and what they were made with
 * besides the defaults is lost; LMUCell of 0.1.0 and later writes all.
 */
function defaultsOf<const T extends Readonly<Record<string, string>>>(
  defaults: T,
  fields: Fields,
  importer: Importer,
): Partial<T> {
  if (fields.has("units")) return {};
  const missing = Object.entries(defaults).filter(([name]) => !fields.has(name));
  if (missing.length) {
    const taken = missing.map(([name, value]) => `${name} ${value}`).join(", ");
    importer.warnings.push(
      `${fields.layer}: the file does not say what it was made with; taken are the defaults of keras-lmu 0.1: ${taken}; option config can say otherwise`,
    );
  }
  return defaults;
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
    ...(names.includes("bias") || fields.has("include_bias") ? ["bias"] : []),
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
  fields.size("units", units);
  fields.size("order", order);
  // The one version with this option computes nothing but zeros without it.
  fields.only("include_bias", true);
  const defaults = defaultsOf(isGating ? GATING : { hidden_activation: "tanh" }, fields, importer);
  const flat = (tensor: Tensor | undefined, length: number) => tensor && reshape(tensor, [length]);
  const layer = {
    type: "lmu" as const,
    order,
    ...matrices.fields,
    ...(isGating && gatingOf(fields, defaults)),
    hidden: {
      type: "rnn" as const,
      activation: readActivation(fields, "hidden_activation", defaults.hidden_activation),
    },
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

const GATING = {
  hidden_activation: "tanh",
  input_activation: "linear",
  gate_activation: "linear",
} as const;

function gatingOf(
  fields: Fields,
  defaults: Partial<typeof GATING>,
): {
  gateActivation: ActivationDescription;
  encoderActivation?: ActivationDescription;
} {
  const input = readActivation(fields, "input_activation", defaults.input_activation);
  return {
    gateActivation: readActivation(fields, "gate_activation", defaults.gate_activation),
    ...(input !== "linear" && { encoderActivation: input }),
  };
}

/** LMU of mid-2020 without recurrence: u = e_x x; h = f(W_x x + W_m m), with matrices by zero-order hold, not in the file. */
function importFft(fields: Fields, weights: LayerWeights, x: Output, importer: Importer): Output {
  for (const name of ["memory_to_memory", "hidden_to_memory", "hidden_to_hidden"])
    fields.only(name, false);
  // Its impulse response is that of the default delay, whatever method and factory the LMU was given.
  const {
    input_encoders: encoders,
    input_kernel: fromInput,
    memory_kernel: fromMemory,
  } = weights.read(["input_encoders", "input_kernel", "memory_kernel"]);
  const [order, units] = fromMemory!.shape as [number, number];
  fields.size("order", order);
  fields.size("units", units);
  const theta = fields.number("theta");
  if (theta <= 0) fields.refuse("theta", "a number above 0");
  const layer: LmuDescription = {
    type: "lmu",
    order,
    theta,
    hidden: { type: "dense", activation: readActivation(fields, "hidden_activation") },
  };
  return importer.add(fields.layer, layer, [x], units, {
    "encoder.input": transpose(encoders!),
    "hidden.input": transpose(fromInput!),
    "hidden.memory": transpose(fromMemory!),
  });
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
  const defaults = defaultsOf(ODE, fields, importer);
  if (fields.text("method", defaults.method) !== "euler") fields.refuse("method", '"euler"');
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
  const memoryActivation = readActivation(fields, "hidden_activation", defaults.hidden_activation);
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
      hidden: {
        type: "dense",
        activation: readActivation(fields, "output_activation", defaults.output_activation),
      },
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

const ODE = { method: "euler", hidden_activation: "linear", output_activation: "tanh" } as const;
