import type { Description } from "../description.js";
import { type Edition, editionFor, type Full } from "./edition.js";
import { Engine } from "./engine.js";
import { Budget } from "../source/budget.js";
import { naming, shortName } from "../source/naming.js";
import { checkLoadOptions, type LoadOptions } from "./load-options.js";
import { type ModelFiles, openFiles } from "../source/files.js";
import type { Checkpoint } from "../formats/checkpoint.js";
import { readNative } from "../formats/native/metadata.js";
import { RowScales } from "../formats/native/scales.js";
import {
  type Entry,
  type Header,
  headerLength,
  invalid,
  isSafetensors,
  parseHeader,
} from "../formats/containers/safetensors.js";
import { Model } from "./model.js";
import type { WasmModule } from "../runtime/kernel.js";
import type { FormatOptions } from "../formats/read.js";
import type { SourceReader } from "../source/reader.js";
import type { Source, SourceFiles } from "../source/source.js";
import { ELEMENT_BYTES, sizeOf, tensorOfBytes } from "../tensor.js";

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
  const { readFiles } = await foreign();
  const checkpoint = await readFiles(files, options, headers);
  const warnings = ["keras", "transformers"].includes(checkpoint.format)
    ? unneeded(options, "layers")
    : [];
  return modelOf(checkpoint, await editionOf(checkpoint.description), warnings);
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

/** A model from a checkpoint that is in memory. */
function modelOf(checkpoint: Checkpoint, edition: Edition, more: readonly string[]): Model {
  const { description, tensors, format, notes } = checkpoint;
  const warnings = [...checkpoint.warnings, ...more];
  const engine = new Engine(edition, description, tensors);
  for (const [name, tensor] of tensors) engine.write(name, tensor);
  return new Model(engine.finish(), { format, notes, warnings, source: description.source });
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
  for (const [reader, header] of headers) {
    await naming(reader.name, async () => {
      await reader.take(header.dataAt);
      for (const entry of header.entries) await writeEntry(entry, reader, engine, scales);
      if ((await reader.peek(1)).length > 0) invalid("the file goes on after its last tensor");
    });
  }
  const { source } = description;
  return new Model(engine.finish(), { format: "lmu-wasm", notes: [], warnings, source });
}

/** Bytes of a tensor decoded at a time, unless a row is longer. */
const PORTION = 1 << 20;

/** Decodes one tensor portion by portion, whole rows at a time. */
async function writeEntry(
  { name, dtype, shape }: Entry,
  reader: SourceReader,
  engine: Engine,
  scales: RowScales,
): Promise<void> {
  const [rows = 1, ...row] = shape;
  const rowBytes = sizeOf(row) * ELEMENT_BYTES[dtype];
  const portion = Math.max(1, Math.floor(PORTION / rowBytes));
  for (let first = 0; first < rows; first += portion) {
    const count = Math.min(portion, rows - first);
    const bytes = await reader.take(count * rowBytes);
    if (!bytes) invalid(`the file ends within tensor ${shortName(name)}`);
    const tensor = tensorOfBytes(dtype, [count, ...row], bytes);
    if (!scales.keep(name, tensor, first))
      engine.write(name, scales.apply(name, tensor, first), first);
  }
}
