import type { ReadOptions, Source, SourceFiles } from "../index.js";
import { type FileSet, type Find, finderOf, isSet } from "../source/folder.js";
import { openReader } from "../source/reader.js";
import { readJson } from "../source/set.js";

/** Tokenizers of before tokenizer.json: the folders of published models may have one alone. */
const OLDER = ["vocab.json", "vocab.txt", "spiece.model", "tokenizer.model"];

/** What stands beside the weights of a language model. */
export interface Beside {
  /** Where the model is still to be read from. */
  readonly source: Source | SourceFiles;
  /** tokenizer.json and tokenizer_config.json, parsed. */
  readonly tokenizer?: unknown;
  readonly tokenizerConfig?: unknown;
  /** The name of an older tokenizer, where there is no tokenizer.json. */
  readonly olderTokenizer?: string | undefined;
  /** eos_token_id of generation_config.json or, where it has none, of config.json: as transformers take it. */
  readonly stopIds: readonly number[];
}

/** Reads the small files of a folder, or of sources by name. */
export async function readBeside(
  source: Source | SourceFiles,
  { signal, maxBytes }: ReadOptions,
): Promise<Beside> {
  if (!(await isSet(source))) return { source, stopIds: [] };
  const find = finderOf(source as FileSet, { signal, maxBytes }, openReader);
  const config = await readJson(find, "config.json");
  const ids = [endOf(await readJson(find, "generation_config.json")) ?? endOf(config)].flat();
  const tokenizer = await readJson(find, "tokenizer.json");
  const isRecord = Object.getPrototypeOf(source) === Object.prototype;
  return {
    // Streams can be read once.
    source:
      isRecord && config !== undefined
        ? {
            ...(source as SourceFiles),
            "config.json": new TextEncoder().encode(JSON.stringify(config)),
          }
        : source,
    tokenizer,
    olderTokenizer: tokenizer === undefined ? await firstOf(OLDER, find) : undefined,
    tokenizerConfig: await readJson(find, "tokenizer_config.json"),
    stopIds: ids.filter((id): id is number => Number.isInteger(id)),
  };
}

/** The first file that there is. */
async function firstOf(names: readonly string[], find: Find): Promise<string | undefined> {
  for (const name of names) {
    const reader = await find(name);
    reader?.close();
    if (reader) return name;
  }
  return undefined;
}

function endOf(config: unknown): unknown {
  return (config as { eos_token_id?: unknown } | null | undefined)?.eos_token_id;
}
