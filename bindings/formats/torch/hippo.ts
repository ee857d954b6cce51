import { LmuError } from "../../errors.js";
import {
  reshape,
  rowsOf,
  splitColumns,
  type Tensor,
  tensorOfValues,
  transpose,
} from "../../tensor.js";
import type { Importer } from "../importer.js";
import { importMatrices } from "../matrices.js";
import { detectConvention } from "./conventions.js";
import {
  choiceOption,
  countOption,
  type Dialect,
  flagOption,
  type Layer,
  positiveOption,
  refuseOption,
} from "./dialect.js";
import { discretizeSystem, productsOf } from "./discretize.js";
import { givenConvention, squareSize } from "./lmu-repositories.js";

/*
 * Memories alone, of HiPPO and S4 code: A [order, order] and B [order], either as a step (HiPPO_LegT) or continuous
 * (S4, as a learned parameter or not). c is kept in the file's own basis, LMU or LegT: whatever reads it expects that.
 * S4 copies halve the LegT matrices, a matter of their time unit; the diagonal tells.
 */

/** Each input channel has a memory of its own; the output is channel-major, order fastest. */
export const HIPPO: Dialect = {
  options: [
    ...["returnsSequence", "channels", "convention", "isTransposed"],
    ...["discretizer", "theta", "dt"],
  ],
  landmarks: ["A"],
  widths(layer) {
    const order = squareSize(layer, "A", layer.weights.get("A", undefined, undefined));
    const { channels } = layer.options;
    return {
      ...(channels !== undefined && { inputs: countOption(layer, "channels", 1) }),
      outputs: (inputs) => inputs * order,
    };
  },
  import(layer, x, importer) {
    const { weights, name } = layer;
    const A = weights.get("A", undefined, undefined);
    const order = squareSize(layer, "A", A);
    const B = weights.vector("B", order);
    const tensors = readSystem(layer, A, B, importer);
    return importer.add(name, { type: "lmu", order }, [x], x.width * order, tensors);
  },
};

function readSystem(
  layer: Layer,
  A: Tensor,
  B: Tensor,
  importer: Importer,
): { D?: Tensor; B?: Tensor } {
  const given = givenConvention(layer, ["A", "A-I", "continuous"]);
  const { convention: stated } = layer.options;
  const scale = continuousScale(A);
  const isContinuous = stated === undefined ? scale !== undefined : stated === "continuous";
  if (isContinuous) return stepOf(layer, A, B, scale, importer);
  const usual = { isMinusIdentity: false, isTransposed: false };
  const convention = detectConvention(A, B, usual, given, importer.matrixWork);
  return importMatrices(A, B, convention, layer.name, importer, { keeps: true }).tensors;
}

/**
 * 1 for the continuous matrices of LMU and LegT, 1/2 for S4's LegT, undefined for others: the diagonal is -(2i + 1)
 * times that, and the diagonal of a step is nowhere near.
 */
function continuousScale(A: Tensor): number | undefined {
  const order = A.shape[0]!;
  return [1, 0.5].find((scale) => {
    for (let i = 0; i < order; i++) {
      const wanted = -scale * (2 * i + 1);
      if (Math.abs(A.at(i * (order + 1)) - wanted) > 1e-3 * -wanted) return false;
    }
    return true;
  });
}

/**
 * Multiplications taken for each number of the file: the time is linear in its size, a second or so a megabyte. Enough for
 * "zoh" at order 256 and any window from ten steps on, and for "bilinear" below order 2048.
 */
const MAX_WORK = 8192;

/** One step of continuous matrices. */
function stepOf(
  layer: Layer,
  A: Tensor,
  B: Tensor,
  scale: number | undefined,
  importer: Importer,
): { D: Tensor; B: Tensor } {
  const dt = stepLength(layer, scale ?? 1);
  const order = A.shape[0]!;
  const method = choiceOption(layer, "discretizer", ["bilinear", "zoh", "euler"]) ?? "bilinear";
  const matrix = flagOption(layer, "isTransposed") ? transpose(A) : A;
  const scaled = Float64Array.from({ length: order * order }, (_, k) => dt * matrix.at(k));
  if (productsOf(order, scaled, method) * (order + 1) > MAX_WORK) {
    const other = method === "zoh" ? `"bilinear" for an order of ${order}, or ` : "";
    refuseOption(
      { ...layer, options: { discretizer: method } },
      "discretizer",
      `${other}matrices that are a step already (scipy.signal.cont2discrete)`,
    );
  }
  const input = Float64Array.from({ length: order }, (_, i) => dt * B.at(i));
  const step = discretizeSystem(order, scaled, input, method);
  const unit = scale === 0.5 ? " of half the rate, as in S4" : "";
  importer.notes.push(
    `${layer.name}: continuous matrices${unit}, discretized by ${method} with dt ${dt}`,
  );
  // [order + 1, order + 1]: D with B̄ as the last column, over a row of zeros.
  const columns = tensorOfValues([order + 1, order + 1], Float32Array.from(step));
  const [D, last] = splitColumns(rowsOf(columns, 0, order), order);
  return { D, B: reshape(last, [order]) };
}

/** dt as stated, or from the window: the matrices times dt must be those of LMU or LegT over theta. */
function stepLength(layer: Layer, scale: number): number {
  const theta = positiveOption(layer, "theta");
  const dt = positiveOption(layer, "dt") ?? (theta && 1 / (theta * scale));
  if (dt !== undefined) return dt;
  throw new LmuError(
    "description-invalid",
    `Cannot load the model: ${layer.type} ${layer.name} has continuous matrices, expected the option theta ` +
      "(window in steps) or dt (length of a step in the file's unit of time)",
  );
}
