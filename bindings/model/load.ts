import type { Description } from "../description.js";
import { type Edition, editionFor, type Full } from "./edition.js";
import { Engine } from "./engine.js";
import { Budget } from "../source/budget.js";
import { naming } from "../source/naming.js";
import { checkLoadOptions, type LoadOptions } from "./load-options.js";
import { type ModelFiles, openFiles } from "../source/files.js";
import { readNative } from "../formats/native/metadata.js";
import { RowScales } from "../formats/native/scales.js";
import {
  type Header,
  headerLength,
  invalid,
  isSafetensors,
  parseHeader,
  takeEntries,
  takeTensor,
} from "../formats/containers/safetensors.js";
import { Model } from "./model.js";
import type { WasmModule } from "../runtime/kernel.js";
import type { FormatOptions } from "../formats/read.js";
import type { SourceReader } from "../source/reader.js";
import type { Source, SourceFiles } from "../source/source.js";

/** The type of {@link load}, whose page says the rest. */
export interface Load {
  /**
   * Loads a model of any supported format, found out by its bytes.
   *
   * @param source - path, URL, Request, Response, Blob, bytes, ReadableStream, or a promise of one; a folder, or sources
   *   by file name
   * @param options - how to read it
   * @returns the model, with its weights in wasm memory of its own
   */
  (source: Source | SourceFiles, options?: LoadOptions): Promise<Model>;
}

/** The function `load`, given where lmu.wasm comes from on this host, and what few models need. */
export function loadWith(inner: () => WasmModule, full: () => Promise<Full>): Load {
  return async (source, options = {}) => {
    checkLoadOptions(options);
    const files = await openFiles(source, options, foreign);
    try {
      const edition = (description: Description) => editionFor(description, options, inner, full);
      return await naming(files.name, () => loadFiles(files, edition, options));
    } finally {
      for (const reader of files.weights) reader.close();
    }
  };
}

/** What few models need, when one does: the readers of other formats, and of models in several files. */
const foreign = () => import("../formats/foreign.js");

async function loadFiles(
  files: ModelFiles,
  editionOf: (description: Description) => Promise<Edition>,
  options: LoadOptions,
): Promise<Model> {
  const headers = await peekHeaders(files.weights, new Budget(options.maxBytes));
  const description = descriptionOf(files, headers);
  if (description) {
    const warnings = unneeded(options, "layers", "config");
    return loadNative(description, headers, await editionOf(description), warnings);
  }
  const { takeFiles } = await foreign();
  const checkpoint = await takeFiles(files, options, headers);
  const { description: found, tensors, format, notes, warnings } = checkpoint;
  const vain = ["keras", "transformers"].includes(format) ? unneeded(options, "layers") : [];
  const engine = new Engine(await editionOf(found), found, tensors);
  await checkpoint.take(engine);
  const { source } = found;
  return new Model(engine.finish(), { format, notes, warnings: [...warnings, ...vain], source });
}

/** Warnings of options that were given in vain. */
function unneeded(options: LoadOptions, ...names: readonly (keyof FormatOptions)[]): string[] {
  const given = names.filter((name) => options[name] !== undefined);
  return given.map((name) => `the option ${name} is not used: the file describes its layers`);
}

type Headers = ReadonlyMap<SourceReader, Header>;

/** Headers of the safetensors files in front of any other; nothing is taken. */
async function peekHeaders(weights: readonly SourceReader[], budget: Budget): Promise<Headers> {
  const headers = new Map<SourceReader, Header>();
  for (const reader of weights) {
    const header = await naming(reader.name, () => peekHeader(reader, budget));
    if (!header) break;
    headers.set(reader, header);
  }
  return headers;
}

/** The description of a native model; undefined for any other. */
function descriptionOf(
  { weights, metadata }: ModelFiles,
  headers: Headers,
): Description | undefined {
  if (headers.size < weights.length) return undefined;
  const texts = [metadata, ...[...headers.values()].map((header) => header.metadata)];
  return texts.map(readNative).find((found) => found !== undefined);
}

/** The header of a safetensors file; undefined for any other. */
async function peekHeader(reader: SourceReader, budget: Budget): Promise<Header | undefined> {
  const start = await reader.peek(9);
  if (!isSafetensors(start)) return undefined;
  const length = headerLength(start);
  budget.hold(length);
  const json = (await reader.peek(8 + length)).subarray(8);
  if (json.length < length) invalid("the file ends within the header");
  return parseHeader(json, reader.total);
}

/** Native files are written to wasm memory as they come: nothing is kept but the piece at hand. */
async function loadNative(
  description: Description,
  headers: Headers,
  edition: Edition,
  warnings: readonly string[],
): Promise<Model> {
  const scales = new RowScales([...headers.values()].flatMap(({ entries }) => entries));
  const engine = new Engine(edition, description, scales.tensors);
  await takeEntries(headers, (entry, reader) =>
    takeTensor(entry, reader, (rows, first) => {
      const { name } = entry;
      if (!scales.keep(name, rows, first))
        engine.write(name, scales.apply(name, rows, first), first);
    }),
  );
  const { source } = description;
  return new Model(engine.finish(), { format: "lmu-wasm", notes: [], warnings, source });
}
