import type { Description } from "../../description.js";
import { brief, LmuError } from "../../errors.js";
import type { Importer, Output } from "../importer.js";
import type { KerasLayer } from "./config.js";
import { callsOf, references } from "./references.js";
import { isModel, layersOf } from "./serialised-layer.js";

/** One tensor that a model is called with: features, or token ids, of every step. */
interface ModelInput {
  readonly name: string;
  /** Features; 1 for token ids. */
  readonly width: number;
  readonly vocabulary?: number | undefined;
  /** No steps at all: one row. */
  readonly isRow: boolean;
  /** When only one number is possible. */
  readonly steps: number | undefined;
}

/**
 * The input of the description, and what the model is called with: the input itself, or slices of it when the model has
 * several inputs, which are read side by side in the model's order.
 */
export function importInputs(
  model: KerasLayer,
  importer: Importer,
): { input: Description["input"]; outputs: Output[] } {
  const inputs = inputsOf(model);
  const [first] = inputs as [ModelInput];
  const { steps, isRow, vocabulary } = first;
  if (inputs.length > 1) expectSameSteps(inputs);
  const width = inputs.reduce((sum, input) => sum + input.width, 0);
  const input = {
    ...(vocabulary === undefined ? { width } : { vocabulary }),
    ...(steps !== undefined && { steps }),
  };
  const whole = { name: "input", width, isRow, steps };
  return { input, outputs: inputs.length > 1 ? slices(inputs, whole, importer) : [whole] };
}

function slices(inputs: readonly ModelInput[], whole: Output, importer: Importer): Output[] {
  const names = inputs.map(({ name, width }) => `${name} (${width})`);
  importer.notes.push(`several inputs, side by side in each row: ${names.join(", ")}`);
  let start = 0;
  return inputs.map(({ name, width }) => {
    const output = importer.add(name, { type: "slice", start, width }, [whole], width);
    start += width;
    return output;
  });
}

/** Several inputs are one row of features per step. */
function expectSameSteps(inputs: readonly ModelInput[]): void {
  const [first] = inputs as [ModelInput];
  for (const { name, vocabulary, isRow, steps } of inputs) {
    if (vocabulary !== undefined) refuse(`its input ${name} holds token ids`, "features");
    if (isRow !== first.isRow || steps !== first.steps) {
      refuse(
        `its inputs ${first.name} and ${name} have ${stepsOf(first)} and ${stepsOf({ isRow, steps })} steps`,
        "equal numbers",
      );
    }
  }
}

function stepsOf({ isRow, steps }: Pick<ModelInput, "isRow" | "steps">): string {
  return isRow ? "no" : steps === undefined ? "any number of" : String(steps);
}

function refuse(problem: string, expected: string): never {
  throw new LmuError(
    "option-unsupported",
    `Cannot load the model: it has several inputs and ${problem}, expected ${expected}`,
  );
}

function inputsOf(model: KerasLayer): ModelInput[] {
  const layers = layersOf(model);
  const [first] = layers;
  if (!first) {
    throw new LmuError("format-invalid", `Cannot load the model: ${model.name} has no layers`);
  }
  if (model.className === "Sequential" || !("input_layers" in model.config)) {
    if (isModel(first.className) && !first.config["batch_shape"]) return inputsOf(first);
    const vocabulary = vocabularyAtStart(layers);
    return [inputOf(first, vocabulary, model.config["build_input_shape"])];
  }
  const byKey = new Map(layers.map((layer) => [`${layer.name}/0`, layer]));
  const keys = references(model.config["input_layers"]);
  if (keys.length === 1) return [inputOf(byKey.get(keys[0]!) ?? first, vocabularyAtStart(layers))];
  const vocabularies = vocabulariesOf(layers, new Set(keys));
  return keys.map((key) => inputOf(byKey.get(key) ?? first, vocabularies.get(key)));
}

function inputOf(layer: KerasLayer, vocabulary: number | undefined, built?: unknown): ModelInput {
  const { name, config } = layer;
  const shape =
    config["batch_shape"] ?? config["batch_input_shape"] ?? config["batch_shape_"] ?? built;
  if (!Array.isArray(shape) || shape.length < 2 || shape.length > 3) {
    refuseShape(shape, "[batch, steps, features] or [batch, steps] of tokens");
  }
  const sizes = shape.slice(1) as unknown[];
  const isRow = sizes.length === 1;
  const steps = isCount(sizes[0]) ? sizes[0] : undefined;
  if (vocabulary !== undefined && isRow) return { name, width: 1, vocabulary, isRow: false, steps };
  const width = sizes.at(-1);
  if (!isCount(width)) refuseShape(shape, "a fixed number of features");
  return { name, width, isRow, steps: isRow ? undefined : steps };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

function refuseShape(shape: unknown, expected: string): never {
  throw new LmuError(
    "option-unsupported",
    `Cannot load the model: its input has shape ${brief(shape)}, expected ${expected}`,
  );
}

/** The vocabulary of a model whose first layer is an Embedding. */
function vocabularyAtStart(layers: readonly KerasLayer[]): number | undefined {
  const first = layers.find(({ className }) => className !== "InputLayer");
  if (first?.className === "Embedding") return vocabularyOf(first);
  return first && isModel(first.className) ? vocabularyAtStart(layersOf(first)) : undefined;
}

/** Vocabularies of the inputs that an Embedding reads. */
function vocabulariesOf(
  layers: readonly KerasLayer[],
  inputs: ReadonlySet<string>,
): Map<string, number> {
  const found = new Map<string, number>();
  for (const layer of layers) {
    if (layer.className !== "Embedding") continue;
    for (const key of callsOf(layer).flat()) {
      if (inputs.has(key)) found.set(key, vocabularyOf(layer));
    }
  }
  return found;
}

/** Its reader refuses what is no count. */
function vocabularyOf({ config }: KerasLayer): number {
  return isCount(config["input_dim"]) ? config["input_dim"] : 1;
}
