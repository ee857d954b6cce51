import type { Description } from "../description.js";
import { Engine } from "./engine.js";
import { LmuError } from "../errors.js";
import { Budget } from "../source/budget.js";
import { naming, shortName } from "../source/naming.js";
import { checkLoadOptions } from "./load-options.js";
import { type ModelFiles, openFiles } from "../source/files.js";
import type { Checkpoint } from "../formats/checkpoint.js";
import { readNative } from "../formats/native/metadata.js";
import { RowScales } from "../formats/native/scales.js";
import {
  type Entry,
  type Header,
  headerLength,
  isSafetensors,
  parseHeader,
} from "../formats/containers/safetensors.js";
import { Model } from "./model.js";
import type { WasmModule } from "../runtime/kernel.js";
import type { FormatOptions } from "../formats/read.js";
import type { SourceReader } from "../source/reader.js";
import type { Source, SourceFiles } from "../source/source.js";
import { ELEMENT_BYTES, sizeOf, tensorOfBytes } from "../tensor.js";

/** Options of {@link load}. */
export interface LoadOptions extends FormatOptions {
  /**
   * lmu.wasm of this version, compiled by the caller: where compiling is the host's business, or a page's policy forbids
   * it. Without it the bytes inside this package are compiled, once.
   */
  wasm?: WasmModule | undefined;
}

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

/** The function `load`, given where lmu.wasm comes from on this host. */
export function loadWith(inner: () => WasmModule): Load {
  return async (source, options = {}) => {
    checkLoadOptions(options);
    const files = await openFiles(source, options);
    try {
      const module = () => options.wasm ?? inner();
      return await naming(files.name, () => loadFiles(files, module, options));
    } finally {
      for (const reader of files.weights) reader.close();
    }
  };
}

async function loadFiles(
  files: ModelFiles,
  module: () => WasmModule,
  options: LoadOptions,
): Promise<Model> {
  const native = await peekNative(files, new Budget(options.maxBytes));
  if (native) return loadNative(native, module(), unneeded(options, "layers", "config"));
  const { readFiles } = await import("../formats/foreign.js");
  const checkpoint = await readFiles(files, options);
  const warnings = checkpoint.format === "keras" ? unneeded(options, "layers") : [];
  return modelOf(checkpoint, module(), warnings);
}

/** Warnings of options that were given in vain. */
function unneeded(options: LoadOptions, ...names: readonly (keyof FormatOptions)[]): string[] {
  const given = names.filter((name) => options[name] !== undefined);
  return given.map((name) => `the option ${name} is not used: the file describes its layers`);
}

/** A native model whose headers have been seen. */
interface Native {
  readonly description: Description;
  readonly parts: readonly { readonly reader: SourceReader; readonly header: Header }[];
}

/** The headers of a native model; undefined, and nothing taken, for any other. */
async function peekNative(
  { weights, metadata }: ModelFiles,
  budget: Budget,
): Promise<Native | undefined> {
  const parts: Native["parts"][number][] = [];
  for (const reader of weights) {
    const header = await naming(reader.name, () => peekHeader(reader, budget));
    if (!header) return undefined;
    parts.push({ reader, header });
  }
  const texts = [metadata, ...parts.map(({ header }) => header.metadata)];
  const description = texts.map(readNative).find((found) => found !== undefined);
  return description === undefined ? undefined : { description, parts };
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
function modelOf(checkpoint: Checkpoint, module: WasmModule, more: readonly string[]): Model {
  const { description, tensors, format, notes } = checkpoint;
  const warnings = [...checkpoint.warnings, ...more];
  const engine = new Engine(module, description, tensors);
  for (const [name, tensor] of tensors) engine.write(name, tensor);
  return new Model(engine, { format, notes, warnings, source: description.source });
}

/** Native files are written to wasm memory as they come: nothing is kept but the piece at hand. */
async function loadNative(
  { description, parts }: Native,
  module: WasmModule,
  warnings: readonly string[],
): Promise<Model> {
  const scales = new RowScales(parts.flatMap(({ header }) => header.entries));
  const engine = new Engine(module, description, scales.tensors);
  for (const { reader, header } of parts) {
    await naming(reader.name, async () => {
      await reader.take(header.dataAt);
      for (const entry of header.entries) await writeEntry(entry, reader, engine, scales);
      if ((await reader.peek(1)).length > 0) invalid("the file goes on after its last tensor");
    });
  }
  const { source } = description;
  return new Model(engine, { format: "lmu-wasm", notes: [], warnings, source });
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

function invalid(problem: string): never {
  throw new LmuError("format-invalid", `Cannot read safetensors: ${problem}`);
}
