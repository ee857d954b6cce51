import { Budget } from "./budget.js";
import { type FileSet, isSet } from "./folder.js";
import { openReader, type SourceReader } from "./reader.js";
import type { ReadOptions, Source, SourceFiles } from "./source.js";

/** What a model is read from: its weights, in one file or in several, and what stands beside them. */
export interface ModelFiles {
  /** Path or URL of the file or folder; "" where there is none. */
  readonly name: string;
  readonly weights: readonly SourceReader[];
  /** config.json, parsed. */
  readonly config?: unknown;
  /** Texts of an index of shards. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Bytes that may be held in memory, of all files together. */
  readonly budget: Budget;
}

/** Opens a model of several files, one of which `open` opens. */
type OpenSet = (
  source: FileSet,
  options: ReadOptions,
  open: typeof openReader,
) => Promise<ModelFiles>;

/**
 * Opens a model: one source, a folder (a path, or a URL ending in "/"), or named sources.
 *
 * @param sets - brings what opens several files
 * @throws LmuError source-unreadable, format-invalid; TypeError; the signal's reason
 */
export async function openFiles(
  source: Source | SourceFiles,
  options: ReadOptions,
  sets: () => Promise<{ openSet: OpenSet }>,
): Promise<ModelFiles> {
  if (await isSet(source)) {
    const { openSet } = await sets();
    return openSet(source as FileSet, options, openReader);
  }
  const reader = await openReader(source as Source, options);
  const budget = new Budget(options.maxBytes);
  return { name: reader.name, weights: [reader], metadata: new Map(), budget };
}
