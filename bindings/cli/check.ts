import { readFile } from "node:fs/promises";
import { LmuError } from "../errors.js";
import { readSafetensors } from "../formats/containers/safetensors.js";
import { load, type Model } from "../index.js";
import { sizeOf, type Tensor } from "../tensor.js";
import { type FileOptions, readOptions } from "./options.js";

/** How one output of the file compares. */
interface Comparison {
  readonly output: string;
  /** max |ours - theirs| */
  readonly difference: number;
  readonly passes: boolean;
}

/**
 * Parity report: runs a model on the inputs of a safetensors file and compares with every `output…` in it. The exit code
 * is 1 when one is further away than the tolerance.
 */
export async function check(
  path: string,
  ioPath: string,
  options: FileOptions & { readonly tolerance: number; readonly json: boolean },
): Promise<void> {
  const model = await load(path, await readOptions(options));
  const { tensors } = readSafetensors(new Uint8Array(await readFile(ioPath)));
  const outputs = run(model, tensors.get("input"), ioPath);
  const { tolerance } = options;
  const comparisons = [...tensors]
    .filter(([name]) => name.startsWith("output"))
    .map(([output, tensor]): Comparison => {
      const difference = differenceOf(outputs, tensor, output);
      return { output, difference, passes: difference <= tolerance };
    });
  if (comparisons.length === 0) missing("output", ioPath);
  const passes = comparisons.every((comparison) => comparison.passes);
  if (options.json) process.stdout.write(`${JSON.stringify({ passes, tolerance, comparisons })}\n`);
  else {
    for (const { output, difference, passes: isNear } of comparisons) {
      process.stdout.write(
        `${isNear ? "pass" : "FAIL"}  ${output}: largest difference ${difference.toExponential(2)}, tolerance ${tolerance}\n`,
      );
    }
  }
  if (!passes) process.exitCode = 1;
}

function run(model: Model, input: Tensor | undefined, ioPath: string): Float32Array {
  if (!input) missing("input", ioPath);
  const { shape } = input;
  const isTokens = model.vocabulary !== undefined;
  const batch = shape.length === (isTokens ? 2 : 3) ? shape[0]! : 1;
  if (!isTokens && shape.at(-1) !== model.inputSize) {
    throw new LmuError(
      "tensor-invalid",
      `Cannot check the model: input of ${ioPath} has shape [${shape.join(", ")}], expected [batch, steps, ${model.inputSize}]`,
    );
  }
  return model.run(valuesOf(input), { batch });
}

function valuesOf(tensor: Tensor): number[] {
  return Array.from({ length: sizeOf(tensor.shape) }, (_, i) => tensor.at(i));
}

function differenceOf(ours: Float32Array, theirs: Tensor, name: string): number {
  if (sizeOf(theirs.shape) !== ours.length) {
    throw new LmuError(
      "tensor-invalid",
      `Cannot compare ${name}: it has ${sizeOf(theirs.shape)} values, expected ${ours.length}`,
    );
  }
  return ours.reduce((most, value, i) => Math.max(most, Math.abs(value - theirs.at(i))), 0);
}

function missing(tensor: string, path: string): never {
  throw new LmuError(
    "tensor-missing",
    `Cannot check the model: ${path} has no tensor named ${tensor}`,
  );
}
