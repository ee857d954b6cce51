import { brief, LmuError } from "../errors.js";
import { decodeUtf8 } from "../utf8.js";
import { SourceReader } from "./reader.js";
import {
  absoluteUrl,
  fetchSource,
  fileSystem,
  isUrl,
  type Opened,
  openSource,
  type ReadOptions,
  type Source,
} from "./source.js";

/**
 * Several files that are one model, by their names: `{ "config.json": …, "model.weights.h5": … }`.
 *
 * Read are `config.json`, if it is there, and the weights: the shards that `model.safetensors.index.json` names, or else
 * the first there is of `model.safetensors`, `model.weights.h5`, `model.keras`, `pytorch_model.bin`.
 */
export interface SourceFiles {
  /** One file, by its name. */
  readonly [name: string]: Source;
}

/** What a model is read from: its weights, in one file or in several, and what stands beside them. */
export interface ModelFiles {
  readonly weights: readonly SourceReader[];
  /** config.json, parsed. */
  readonly config?: unknown;
  /** Texts of an index of shards. */
  readonly metadata: ReadonlyMap<string, string>;
}

/** All are open at the same time, and systems have limits to that. */
const MAX_SHARDS = 500;

/** Finds a file of a set; undefined when there is none of that name. */
type Find = (name: string) => Promise<Opened | undefined>;

/** Files that are weights, most particular first. */
const WEIGHTS = ["model.safetensors", "model.weights.h5", "model.keras", "pytorch_model.bin"];
const INDEX = "model.safetensors.index.json";

/** Files that describe are small: a configuration or an index beyond this is not read. */
const MAX_TEXT = 64 << 20;

/**
 * Opens a model: one source, a folder (a path, or a URL ending in "/"), or named sources.
 *
 * @throws LmuError source-unreadable, format-invalid; TypeError; the signal's reason
 */
export async function openModel(
  source: Source | SourceFiles,
  options: ReadOptions,
): Promise<ModelFiles> {
  const find = await finderOf(source, options);
  if (!find) {
    const opened = await openSource(source as Source, options);
    return { weights: [new SourceReader(opened, options)], metadata: new Map() };
  }
  const config = await readJson(find, "config.json", options);
  const index = await readJson(find, INDEX, options);
  const weights = await openWeights(find, index, options);
  return {
    weights,
    ...(config !== undefined && { config }),
    metadata: metadataOf(index),
  };
}

/** Opens the shards of an index, or the first file of weights that there is; none stays open after a failure. */
async function openWeights(
  find: Find,
  index: unknown,
  options: ReadOptions,
): Promise<SourceReader[]> {
  const names = index === undefined ? WEIGHTS : shardsOf(index);
  const weights: SourceReader[] = [];
  try {
    for (const name of names) {
      const opened = await find(name);
      if (opened) weights.push(new SourceReader(opened, options));
      else if (index !== undefined) missing(name);
      if (weights.length && index === undefined) break;
    }
    if (weights.length === 0) missing(`${INDEX}, ${WEIGHTS.join(", ")}`);
    return weights;
  } catch (cause) {
    for (const reader of weights) reader.close();
    throw cause;
  }
}

/** How to find files of a set; undefined when the source is a single file. */
async function finderOf(
  source: Source | SourceFiles,
  options: ReadOptions,
): Promise<Find | undefined> {
  if (typeof source === "string" || isUrl(source)) return folderOf(source, options);
  if (typeof source !== "object" || source === null) return undefined;
  if (Object.getPrototypeOf(source) !== Object.prototype) return undefined;
  const files = new Map(Object.entries(source as SourceFiles));
  if (files.size === 0) return undefined;
  return async (name) => (files.has(name) ? openSource(files.get(name)!, options) : undefined);
}

/** A folder by path or URL. */
async function folderOf(source: string | URL, options: ReadOptions): Promise<Find | undefined> {
  const url = isUrl(source) ? source : absoluteUrl(source);
  const files = !url || url.protocol === "file:" ? fileSystem() : undefined;
  if (files) {
    const isFolder = await files.stat(url ?? source).then(
      (stat) => stat.isDirectory(),
      () => false,
    );
    if (!isFolder) return undefined;
    const base = String(source).replace(/\/$/, "");
    const pathOf = (name: string) => (url ? new URL(`${base}/${name}`) : `${base}/${name}`);
    return async (name) => {
      const isThere = await files.stat(pathOf(name)).then(
        () => true,
        () => false,
      );
      return isThere ? openSource(pathOf(name), options) : undefined;
    };
  }
  if (!String(source).endsWith("/")) return undefined;
  return (name) => openPage(`${String(source)}${name}`, options);
}

/** A page, or undefined where the server has none. */
async function openPage(address: string, options: ReadOptions): Promise<Opened | undefined> {
  const response = await fetchSource(address, address, options.signal);
  return response.status === 404 ? undefined : openSource(response, options);
}

async function readJson(find: Find, name: string, options: ReadOptions): Promise<unknown> {
  const opened = await find(name);
  if (!opened) return undefined;
  const reader = new SourceReader(opened, options);
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
function shardsOf(index: unknown): string[] {
  const map = (index as { weight_map?: unknown } | null)?.weight_map;
  if (typeof map !== "object" || map === null) return invalid(INDEX, "has no weight_map");
  const names = [...new Set(Object.values(map))] as unknown[];
  for (const name of names) {
    // Names come from the file: they must not lead out of the folder.
    if (typeof name !== "string" || !/^\w[\w.-]*$/.test(name) || name.includes("..")) {
      invalid(INDEX, `names the file ${brief(name)}, expected a plain name`);
    }
  }
  if (names.length === 0) invalid(INDEX, "names no files");
  if (names.length > MAX_SHARDS) {
    invalid(INDEX, `names ${names.length} files, expected at most ${MAX_SHARDS}`);
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
