import { type ModelFiles, openFiles } from "../source/files.js";
import type { Checkpoint } from "./checkpoint.js";
import { readNative } from "./native/metadata.js";
import { isSafetensors, readSafetensors } from "./containers/safetensors.js";
import { RowScales } from "./native/scales.js";
import type { LayerRequest } from "./torch/request.js";
import type { SourceReader } from "../source/reader.js";
import type { ReadOptions, Source, SourceFiles } from "../source/source.js";
import type { Tensor } from "../tensor.js";

/** Options of reading that some formats need. */
export interface FormatOptions extends ReadOptions {
  /** Keras configuration, `model.to_json()` as text or parsed, for HDF5 files that hold weights alone. */
  config?: unknown;
  /**
   * Layers in order of execution, for files that hold tensors alone: PyTorch state dicts, .npz. Without them they are
   * inferred where names and shapes leave one possibility.
   */
  layers?: readonly LayerRequest[] | undefined;
}

/** Reads a model of any format into memory, for those who want its description and tensors. */
export async function readCheckpoint(
  source: Source | SourceFiles,
  options: FormatOptions = {},
): Promise<Checkpoint> {
  const files = await openFiles(source, options);
  try {
    return await readFiles(files, options);
  } finally {
    for (const reader of files.weights) reader.close();
  }
}

/** Reads opened files of any format. Readers of foreign formats load on demand, so that the core stays small. */
export async function readFiles(
  { weights, config, metadata }: ModelFiles,
  options: FormatOptions,
): Promise<Checkpoint> {
  const all = { ...(config !== undefined && { config }), ...options };
  if (weights.length > 1) return readShards(weights, metadata, all);
  const [reader] = weights as [SourceReader];
  const bytes = await reader.takeAll();
  if (isSafetensors(bytes)) return readParts([bytes], new Map(), all);
  const { readForeign } = await import("./foreign.js");
  return readForeign(bytes, { ...all, mayOverwrite: reader.hasGathered });
}

async function readShards(
  weights: ModelFiles["weights"],
  metadata: ModelFiles["metadata"],
  options: FormatOptions,
): Promise<Checkpoint> {
  const parts: Uint8Array[] = [];
  for (const reader of weights) parts.push(await reader.takeAll());
  return readParts(parts, metadata, options);
}

/** One model out of safetensors files: native, or a state dict. */
async function readParts(
  parts: readonly Uint8Array[],
  metadata: ReadonlyMap<string, string>,
  options: FormatOptions,
): Promise<Checkpoint> {
  const files = parts.map(readSafetensors);
  const texts = [metadata, ...files.map(({ header }) => header.metadata)];
  const description = texts.map(readNative).find((found) => found !== undefined);
  const scales = new RowScales(files.flatMap(({ header }) => header.entries));
  const tensors = new Map<string, Tensor>();
  for (const file of files) {
    for (const [name, tensor] of file.tensors) {
      if (!scales.keep(name, tensor, 0)) tensors.set(name, scales.apply(name, tensor, 0));
    }
  }
  if (description) return { format: "lmu-wasm", description, tensors, notes: [], warnings: [] };
  const { importStateDict } = await import("./foreign.js");
  const config = texts.find((text) => text.has("config"));
  const source = { format: "safetensors", ...(config && { metadata: config }) };
  return importStateDict(source, tensors, options.layers);
}
