import { brief, LmuError } from "../errors.js";
import { decodeUtf8 } from "../utf8.js";
import { Budget } from "./budget.js";
import type { ModelFiles } from "./files.js";
import { type FileSet, type Find, finderOf } from "./folder.js";
import { naming } from "./naming.js";
import type { openReader, SourceReader } from "./reader.js";
import { isUrl, type ReadOptions } from "./source.js";

/** All are open at the same time, and systems have limits to that. */
const MAX_SHARDS = 500;

/** Files that are weights, most particular first. */
const WEIGHTS = ["model.safetensors", "model.weights.h5", "model.keras", "pytorch_model.bin"];
/** Of TensorFlow's folders, which can be named, but not read. */
const SAVED_MODEL = "saved_model.pb";
const INDEX = "model.safetensors.index.json";
/** Of shards that torch.save wrote, where there is nothing else. */
const OLDER_INDEX = "pytorch_model.bin.index.json";

/** Files that describe are small: a configuration or an index beyond this is not read. */
const MAX_TEXT = 16 << 20;

/**
 * Opens a model of several files: a folder, or named sources. Loaded on demand, for few are.
 *
 * @param open - opens one of them
 * @throws LmuError source-unreadable, format-invalid; TypeError; the signal's reason
 */
export async function openSet(
  source: FileSet,
  options: ReadOptions,
  open: typeof openReader,
): Promise<ModelFiles> {
  const name = typeof source === "string" || isUrl(source) ? String(source) : "";
  const find = finderOf(source, options, open);
  return naming(name, () => openParts(find, name, new Budget(options.maxBytes)));
}

/** Opens the files of a set that make a model. */
async function openParts(find: Find, name: string, budget: Budget): Promise<ModelFiles> {
  const config = await readJson(find, "config.json");
  const index = await readIndex(find, INDEX);
  const weights = await openWeights(find, index);
  return {
    ...{ name, budget, weights },
    ...(config !== undefined && { config }),
    metadata: metadataOf(index?.json),
  };
}

/** Opens the shards of an index, or the first file of weights that there is; none stays open after a failure. */
async function openWeights(find: Find, index: Index | undefined): Promise<SourceReader[]> {
  const names = index === undefined ? [...WEIGHTS, SAVED_MODEL] : shardsOf(index);
  const weights: SourceReader[] = [];
  try {
    for (const name of names) {
      const reader = await find(name);
      if (reader) weights.push(reader);
      else if (index !== undefined) missing(name);
      if (weights.length && index === undefined) break;
    }
    if (weights.length > 0) return weights;
  } catch (cause) {
    for (const reader of weights) reader.close();
    throw cause;
  }
  const older = await readIndex(find, OLDER_INDEX);
  return older ? openWeights(find, older) : missing([INDEX, ...WEIGHTS, OLDER_INDEX].join(", "));
}

/** An index of shards: its file, and what that says. */
interface Index {
  readonly name: string;
  readonly json: unknown;
}

async function readIndex(find: Find, name: string): Promise<Index | undefined> {
  const json = await readJson(find, name);
  return json === undefined ? undefined : { name, json };
}

/**
 * A file of JSON, parsed; undefined where there is none.
 *
 * @throws LmuError format-invalid
 */
export async function readJson(find: Find, name: string): Promise<unknown> {
  const reader = await find(name);
  if (!reader) return undefined;
  let bytes: Uint8Array;
  try {
    bytes = await reader.peek(MAX_TEXT + 1);
  } finally {
    reader.close();
  }
  if (bytes.length > MAX_TEXT) invalid(name, `is larger than ${MAX_TEXT} bytes`);
  try {
    return JSON.parse(decodeUtf8(bytes)) as unknown;
  } catch (cause) {
    return invalid(name, "is no valid JSON", cause);
  }
}

/** Names of the files that hold the tensors, in their order in the index. */
function shardsOf({ name: index, json }: Index): string[] {
  const map = (json as { weight_map?: unknown } | null)?.weight_map;
  if (typeof map !== "object" || map === null) return invalid(index, "has no weight_map");
  const names = [...new Set(Object.values(map))] as unknown[];
  for (const name of names) {
    // Names come from the file: they must not lead out of the folder.
    if (typeof name !== "string" || !/^\w[\w.-]*$/.test(name) || name.includes("..")) {
      invalid(index, `names the file ${brief(name)}, expected a plain name`);
    }
  }
  if (names.length === 0) invalid(index, "names no files");
  if (names.length > MAX_SHARDS) {
    invalid(index, `names ${names.length} files, expected at most ${MAX_SHARDS}`);
  }
  return names as string[];
}

function metadataOf(index: unknown): Map<string, string> {
  const metadata = (index as { metadata?: unknown } | undefined)?.metadata ?? {};
  const texts = Object.entries(metadata as object).filter(([, value]) => typeof value === "string");
  return new Map(texts as [string, string][]);
}

function missing(name: string): never {
  throw new LmuError("source-unreadable", `Cannot load the model: the folder has no ${name}`);
}

function invalid(name: string, problem: string, cause?: unknown): never {
  throw new LmuError("format-invalid", `Cannot load the model: ${name} ${problem}`, { cause });
}
