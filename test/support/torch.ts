import { Engine } from "../../bindings/model/engine.js";
import { LmuError } from "../../bindings/errors.js";
import type { Checkpoint } from "../../bindings/formats/checkpoint.js";
import { readTorch } from "../../bindings/formats/containers/pickle/torch-archive.js";
import { openZip } from "../../bindings/formats/containers/zip.js";
import type { LayerRequest } from "../../bindings/formats/torch/request.js";
import { importStateDict } from "../../bindings/formats/torch/state-dict.js";
import { Model } from "../../bindings/model/model.js";
import { readCheckpoint } from "../../bindings/formats/read.js";
import type { Tensor } from "../../bindings/tensor.js";
import { expect } from "vitest";
import { EDITION } from "./edition.js";
import { distance, goldenFile, goldenTensors, valuesOf } from "./golden.js";

/** What a golden file is read as. */
export function checkpointOf(path: string, layers?: readonly LayerRequest[]): Promise<Checkpoint> {
  return readCheckpoint(goldenFile(path), { layers });
}

/** The tensors of a file of torch.save. */
export async function tensorsOf(bytes: Uint8Array): Promise<ReadonlyMap<string, Tensor>> {
  return readTorch(await openZip(bytes), bytes.length).tensors;
}

/** A model from a checkpoint that no file holds. */
export function modelOf(checkpoint: Checkpoint, edition = EDITION): Model {
  const { description, tensors, format, notes, warnings } = checkpoint;
  const engine = new Engine(edition, description, tensors);
  for (const [name, tensor] of tensors) engine.write(name, tensor);
  return new Model(engine, { format, notes, warnings, source: description.source });
}

/** max |ours - theirs| over a batch. */
export function errorOf(checkpoint: Checkpoint, input: Tensor, output: Tensor): number {
  const model = modelOf(checkpoint);
  const made = model.run(valuesOf(input), { batch: input.shape[0]! });
  model.dispose();
  return distance(made, valuesOf(output));
}

/** What went wrong; fails the test if nothing did, or if it was no LmuError. */
export async function refusal(action: () => unknown): Promise<LmuError> {
  const error: unknown = await Promise.resolve()
    .then(action)
    .catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(LmuError);
  return error as LmuError;
}

/** The layers that a refusal asks for, each "?" answered. */
export function suggestedLayers({ message }: LmuError, answer: string): LayerRequest[] {
  const list = /layers: (\[[^]*\]) \}\)$/.exec(message)![1]!;
  return new Function(
    `return ${list.replaceAll('"?"', JSON.stringify(answer))}`,
  )() as LayerRequest[];
}

/** A layer and the classifier that the goldens put after it. */
export const layersOf = (type: string, prefix = "lmu"): LayerRequest[] =>
  [
    { type, prefix },
    { type: "linear", prefix: "classifier" },
  ] as LayerRequest[];

/** The tensors of a golden under other names. */
export function renamed(path: string, rename: (name: string) => string): Map<string, Tensor> {
  return new Map([...goldenTensors(path)].map(([name, tensor]) => [rename(name), tensor]));
}

export const importTensors = (
  tensors: ReadonlyMap<string, Tensor>,
  layers?: readonly LayerRequest[],
  format = "torch",
): Checkpoint => importStateDict({ format }, tensors, layers);

/** An LMU and a classifier, the commonest of state dicts. */
export const LMU = layersOf("pytorch-lmu");
const LMUFFT = layersOf("pytorch-lmufft");

/** Goldens of the dialects: path without ending, layers, bound. */
export const CASES: readonly (readonly [path: string, layers: LayerRequest[], bound: number])[] = [
  ["torch/torch-lmu-0", LMU, 2e-5],
  ["torch/torch-lmu-1", LMU, 2e-5],
  ["torch/torch-lmu-2", LMU, 2e-5],
  ["torch/torch-lmufft-0", LMUFFT, 2e-5],
  ["torch/torch-lmufft-1", LMUFFT, 2e-5],
  ["torch/torch-lstm", layersOf("torch-lstm", "rnn"), 2e-5],
  ["torch/torch-gru", layersOf("torch-gru", "rnn"), 2e-5],
  ["legacy/bjkomer-lmu", layersOf("bjkomer-lmu"), 1.3e-5],
  ["legacy/pytorch-lmu-learned-ab", LMU, 1.4e-5],
];

/** The same, every file of it. */
export const FILES = CASES.flatMap(([path, layers, bound]) =>
  [".safetensors", ".pt", ...(path.includes("bjkomer") ? [".npz"] : [])].map(
    (type) => [path + type, layers, bound] as const,
  ),
);

/** The exact outputs where the case has them, else the framework's. */
export const outputOf = (io: Map<string, Tensor>): Tensor =>
  io.get("output_f64") ?? io.get("output")!;
export const ioPath = (path: string): string => path.replace(/\.\w+$/, ".io.safetensors");
