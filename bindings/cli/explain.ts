import type { LayerReport, Report } from "../index.js";
import type { Comparison } from "./compare.js";

/** What a stored type rounds by: relative to the weight, or for int8 to the largest of its row. */
const ROUNDING: readonly (readonly [dtype: string, text: string])[] = [
  ["i8", "int8, each rounded by up to 1/254 of the largest weight of its row (0.4 %)"],
  ["bf16", "bf16, each rounded by up to 1/256 of itself (0.4 %)"],
  ["f16", "f16, each rounded by up to 1/2048 of itself (0.05 %)"],
];

/**
 * What Keras itself was away from the same network in float64, by order of the memory: largest differences of
 * keras-lmu 0.8.1 on the networks of test/golden/keras, which have outputs up to 3.
 */
const KERAS_ERRORS = "9e-8 at order 4, 1e-5 at 16, 3e-5 at 64, 1e-3 at 256";

const INT8 =
  "matrices are multiplied as int8, which rounds weights by up to 1/254 of the largest of their row, and what they multiply likewise: " +
  "--weights f32 tells what comes from that";

/** Reasons that are known for differences above the tolerance, in sentences. */
export function explain(
  report: Report,
  comparisons: readonly Comparison[],
  tolerance: number,
): string[] {
  const far = comparisons.filter(({ difference }) => !(difference <= tolerance));
  if (far.length === 0) return [];
  return [
    ...far.filter(({ theirError }) => theirError > 0).map(ownError),
    ...(report.weights === "int8" ? [INT8] : []),
    ...roundedWeights(report),
    ...(far.some(({ theirError, output }) => theirError === 0 && !output.endsWith("_f64"))
      ? kerasMatrices(report)
      : []),
  ];
}

function ownError({ output, theirError }: Comparison): string {
  return (
    `${output} is itself ${theirError.toExponential(1)} away from ${output}_f64, the same network in float64: ` +
    "that much is allowed in addition"
  );
}

function roundedWeights({ layers }: Report): string[] {
  const tensors = layers.flatMap((layer) => layer.tensors);
  return ROUNDING.flatMap(([dtype, text]) => {
    const { length } = tensors.filter((tensor) => tensor.dtype === dtype);
    if (length === 0) return [];
    return [
      `${length} of ${tensors.length} tensors are ${text}: a file of f32 weights tells what comes from that`,
    ];
  });
}

function kerasMatrices({ layers }: Report): string[] {
  const orders = layers.filter(isGenerated).map(({ options }) => Number(options["order"]));
  if (orders.length === 0) return [];
  return [
    `the model has a memory of order ${Math.max(...orders)} with exact matrices; keras-lmu 0.4 and later compute Ā in ` +
      `float32 and were measured ${KERAS_ERRORS} away from the exact network. python/export_lmu.py writes the ` +
      "layer's own matrices; a tensor output_f64 beside output tells what is its own error",
  ];
}

/** A memory with the matrices of order and theta, instead of the file's. */
function isGenerated({ type, name, tensors }: LayerReport): boolean {
  return type === "lmu" && !tensors.some((tensor) => tensor.name === `${name}.D`);
}
