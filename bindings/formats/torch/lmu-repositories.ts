import type { HiddenDescription, LmuDescription } from "../../description.js";
import { MAX_ORDER } from "../../legendre.js";
import { splitColumns, type Tensor } from "../../tensor.js";
import { type Importer, unlessLinear } from "../importer.js";
import { type Convention, importMatrices } from "../matrices.js";
import { activationOption } from "./activation-names.js";
import { detectConvention } from "./conventions.js";
import { choiceOption, type Dialect, flagOption, type Layer, positiveOption } from "./dialect.js";

/*
 * LMUs of PyTorch repositories. All have one memory channel, write u = e_x x + e_h h + e_m m from the old state, and
 * give h = f(W_x x + W_h h + W_m m) from the new memory; they differ in names and in how Ā is stored.
 */

/** The same tensor in each repository. */
interface Names {
  readonly encoders: readonly [input: string, hidden: string, memory: string];
  readonly kernels: readonly [input: string, hidden: string, memory: string];
  readonly A: string;
  readonly B: string;
}

const OPTIONS = [
  ...["activation", "encoderActivation", "returnsSequence"],
  ...["convention", "isTransposed", "theta"],
];

/** hrshtv/pytorch-lmu, and popgym: Ā and B̄. */
export const PYTORCH_LMU: Dialect = lmuDialect(
  { encoders: ["e_x", "e_h", "e_m"], kernels: ["W_x", "W_h", "W_m"], A: "A", B: "B" },
  { isMinusIdentity: false, isTransposed: false },
);

/** bjkomer/pytorch-legendre-memory-unit: Ā - I, not transposed, whatever the name says. */
export const BJKOMER_LMU: Dialect = lmuDialect(
  {
    encoders: ["input_encoders", "hidden_encoders", "memory_encoders"],
    kernels: ["input_kernel", "hidden_kernel", "memory_kernel"],
    A: "AT",
    B: "BT",
  },
  { isMinusIdentity: true, isTransposed: false },
);

/** AbdouJaouhar/LMU-Legendre-Memory-Unit: as bjkomer, other names. */
export const ABDOUJAOUHAR_LMU: Dialect = lmuDialect(
  {
    encoders: ["encoder_input", "encoder_hidden", "encoder_memory"],
    kernels: ["kernel_input", "kernel_hidden", "kernel_memory"],
    A: "AT",
    B: "BT",
  },
  { isMinusIdentity: true, isTransposed: false },
);

/** hrshtv/pytorch-lmu, LMUFFT: u = relu(W_u x + b), h = relu(W_h (m, x) + b); H and fft_H are powers of Ā. */
export const PYTORCH_LMUFFT: Dialect = {
  options: OPTIONS,
  landmarks: ["W_u.weight"],
  widths({ weights }) {
    const [, inputs] = weights.get("W_u.weight", 1, undefined).shape;
    const [units] = weights.get("W_h.weight", undefined, undefined).shape;
    return { inputs: inputs!, outputs: () => units! };
  },
  import(layer, x, importer) {
    const { weights, name } = layer;
    const columns = weights.shapeOf("W_h.weight")[1] ?? 0;
    const matrices = readMatrices(layer, ["A", "B"], columns - x.width, importer, PLAIN);
    const { order } = matrices;
    const hidden = weights.get("W_h.weight", undefined, order + x.width);
    const units = hidden.shape[0]!;
    const [fromMemory, fromInput] = splitColumns(hidden, order);
    weights.skip("H", "fft_H");
    const description = {
      type: "lmu" as const,
      order,
      ...matrices.fields,
      ...encoderActivation(layer, "relu"),
      hidden: {
        type: "dense" as const,
        ...unlessLinear(activationOption(layer, "activation", "relu")),
      },
    };
    return importer.add(name, description, [x], units, {
      "encoder.input": weights.get("W_u.weight", 1, x.width),
      "encoder.bias": weights.find("W_u.bias", 1),
      ...matrices.tensors,
      "hidden.memory": fromMemory,
      "hidden.input": fromInput,
      "hidden.bias": weights.find("W_h.bias", units),
    });
  },
};

const PLAIN: Convention = { isMinusIdentity: false, isTransposed: false };

function lmuDialect({ encoders, kernels, A, B }: Names, usual: Convention): Dialect {
  return {
    options: OPTIONS,
    landmarks: [encoders[0]],
    widths({ weights }) {
      const [units, inputs] = weights.get(kernels[0], undefined, undefined).shape;
      return { inputs: inputs!, outputs: () => units! };
    },
    import(layer, x, importer) {
      const { weights, name } = layer;
      const columns = weights.shapeOf(encoders[2])[1] ?? 0;
      const matrices = readMatrices(layer, [A, B], columns, importer, usual);
      const { order } = matrices;
      const units = weights.get(kernels[1], undefined, undefined).shape[0]!;
      const hidden: HiddenDescription = {
        type: "rnn",
        activation: activationOption(layer, "activation", "tanh"),
      };
      const encoder = encoderActivation(layer, "linear");
      const description = { type: "lmu" as const, order, ...matrices.fields, ...encoder, hidden };
      return importer.add(name, description, [x], units, {
        "encoder.input": weights.get(encoders[0], 1, x.width),
        "encoder.hidden": weights.get(encoders[1], 1, units),
        "encoder.memory": weights.get(encoders[2], 1, order),
        ...matrices.tensors,
        "hidden.input": weights.get(kernels[0], units, x.width),
        "hidden.recurrent": weights.get(kernels[1], units, units),
        "hidden.memory": weights.get(kernels[2], units, order),
      });
    },
  };
}

function encoderActivation(
  layer: Layer,
  fallback: string,
): Pick<LmuDescription, "encoderActivation"> {
  const { activation } = unlessLinear(activationOption(layer, "encoderActivation", fallback));
  return activation === undefined ? {} : { encoderActivation: activation };
}

/**
 * The matrices of a layer: by their theta when they are those of one, else as they are. A file without them has the order
 * that the other tensors imply, and the theta of the request.
 */
function readMatrices(
  layer: Layer,
  [nameOfA, nameOfB]: readonly [string, string],
  implied: number,
  importer: Importer,
  usual: Convention,
): { order: number; fields: { theta?: number }; tensors: Record<string, Tensor | undefined> } {
  const { weights, name } = layer;
  const theta = positiveOption(layer, "theta");
  if (theta !== undefined && !weights.has(nameOfA) && !weights.has(nameOfB)) {
    importer.notes.push(
      `${name}: the file has no matrices; taken are those of order ${implied}, theta ${theta}`,
    );
    return { order: implied, fields: { theta }, tensors: {} };
  }
  const A = weights.get(nameOfA, undefined, undefined);
  const order = squareSize(layer, nameOfA, A);
  const B = weights.vector(nameOfB, order);
  const given = givenConvention(layer, ["A", "A-I"]);
  const convention = detectConvention(A, B, usual, given, importer.matrixWork);
  const matrices = importMatrices(A, B, convention, name, importer, { theta });
  if (theta !== undefined && matrices.fields.theta === undefined) {
    importer.warnings.push(
      `${name}: its matrices are not those of theta ${theta}, or too large to compare; kept as given`,
    );
  }
  return { order, ...matrices };
}

/** The order of a square matrix. */
export function squareSize({ weights, type }: Layer, name: string, A: Tensor): number {
  const order = A.shape[0]!;
  if (A.shape[1] !== order || order > MAX_ORDER) {
    const wanted = `a square of at most ${MAX_ORDER}`;
    weights.refuse(name, `has shape [${A.shape.join(", ")}], ${type} expects ${wanted}`);
  }
  return order;
}

/** What the request says of the matrices. */
export function givenConvention(layer: Layer, choices: readonly string[]): Partial<Convention> {
  const convention = choiceOption(layer, "convention", choices);
  const isTransposed = flagOption(layer, "isTransposed");
  return {
    ...(convention && { isMinusIdentity: convention === "A-I" }),
    ...(isTransposed !== undefined && { isTransposed }),
  };
}
