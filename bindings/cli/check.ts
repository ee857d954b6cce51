import { LmuError } from "../errors.js";
import { readSafetensors } from "../formats/containers/safetensors.js";
import { load, type Model } from "../index.js";
import { naming } from "../source/naming.js";
import { sizeOf, type Tensor } from "../tensor.js";
import { compare, type Comparison, type Rows } from "./compare.js";
import { explain } from "./explain.js";
import { expectOneStandard, input, inputBytes } from "./input.js";
import { type FileOptions, readOptions } from "./options.js";
import { print, printJson, wrap } from "./text.js";

/**
 * Parity report: runs a model on the inputs of a safetensors file and compares with every `output…` in it, all rows or
 * the last, whichever there is. The exit code is 1 when one is further away than the tolerance.
 */
export async function check(
  path: string,
  ioPath: string,
  options: FileOptions & { readonly tolerance: number; readonly json: boolean },
): Promise<void> {
  expectOneStandard("check the model", path, "io", ioPath);
  const model = await load(await input(path), await readOptions(options));
  const io = await inputBytes(ioPath);
  const { tensors } = await naming(ioPath, () => readSafetensors(io));
  const ours = run(model, tensors.get("input"), ioPath);
  const { tolerance } = options;
  const comparisons = [...tensors.keys()]
    .filter((name) => name.startsWith("output"))
    .map((name) => compare(ours, name, tensors, tolerance));
  if (comparisons.length === 0) missing("output", ioPath);
  const passes = comparisons.every((comparison) => comparison.passes);
  const explanations = explain(model.report(), comparisons, tolerance);
  if (options.json) printJson({ passes, tolerance, comparisons, explanations });
  else {
    print([
      ...comparisons.map((comparison) => verdict(comparison, tolerance)),
      ...explanations.flatMap((text) => wrap(text, 80, "      ")),
    ]);
  }
  if (!passes) process.exitCode = 1;
}

function verdict(comparison: Comparison, tolerance: number): string {
  const { output, rows, difference, scale, theirError, passes } = comparison;
  return (
    `${passes ? "pass" : "FAIL"}  ${output}${rows === "last" ? ", last row" : ""}: ` +
    `largest difference ${difference.toExponential(2)} (largest output ${scale.toPrecision(3)}), tolerance ${tolerance}` +
    (theirError > 0 ? ` + ${theirError.toExponential(1)}` : "")
  );
}

/** The outputs of the model. */
function run(model: Model, samples: Tensor | undefined, ioPath: string): Rows {
  if (!samples) missing("input", ioPath);
  const { shape } = samples;
  const isTokens = model.vocabulary !== undefined;
  const batch = shape.length === (isTokens ? 2 : 3) ? shape[0]! : 1;
  if (!isTokens && shape.at(-1) !== model.inputSize) {
    throw new LmuError(
      "tensor-invalid",
      `Cannot check the model: input of ${ioPath} has shape [${shape.join(", ")}], expected [batch, steps, ${model.inputSize}]`,
    );
  }
  const values = Array.from({ length: sizeOf(shape) }, (_, i) => samples.at(i));
  const outputs = model.run(values, { batch });
  const at = (index: number) => outputs[index]!;
  return { batch, width: model.outputSize, length: outputs.length, at };
}

function missing(tensor: string, path: string): never {
  throw new LmuError(
    "tensor-missing",
    `Cannot check the model: ${path} has no tensor named ${tensor}`,
  );
}
