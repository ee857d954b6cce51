import { openFiles } from "../source/files.js";
import { naming } from "../source/naming.js";
import type { ReadOptions, Source, SourceFiles } from "../source/source.js";
import type { Checkpoint } from "./checkpoint.js";
import { openSet, readFiles } from "./foreign.js";
import type { LayerRequest } from "./torch/request.js";

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
  const files = await openFiles(source, options, async () => ({ openSet }));
  try {
    return await naming(files.name, () => readFiles(files, options));
  } finally {
    for (const reader of files.weights) reader.close();
  }
}
