import type { Budget } from "../source/budget.js";
import type { ModelFiles } from "../source/files.js";
import { takeAll } from "../source/gather.js";
import { naming } from "../source/naming.js";
import type { SourceReader } from "../source/reader.js";
import type { Tensor } from "../tensor.js";
import { Arriving } from "./arriving.js";
import type { Checkpoint, Taken, Writer } from "./checkpoint.js";
import { HDF5_START_BYTES, isHdf5 } from "./containers/hdf5.js";
import { isNpz, readNpz } from "./containers/npz.js";
import { isTorchArchive, readTorch, type StateDict } from "./containers/pickle/torch-archive.js";
import { type Header, isSafetensors, readSafetensors } from "./containers/safetensors.js";
import { isZip, openZip } from "./containers/zip.js";
import { KERAS_FILES, readKeras, readKerasHdf5 } from "./keras/keras.js";
import { readNative } from "./native/metadata.js";
import { RowScales } from "./native/scales.js";
import { isProgram, refuseArchive, refuseOther } from "./others.js";
import type { LayerRequest } from "./torch/request.js";
import { importStateDict, type StateDictSource } from "./torch/state-dict.js";
import { networkConfig } from "./transformers/config.js";
import { importNetwork, isOfViews, refuseOthers } from "./transformers/networks.js";

export { openSet } from "../source/set.js";

/** First bytes of a file that suffice to tell its format: the others show theirs in fewer. */
const START_BYTES = HDF5_START_BYTES;

/** Options that a foreign file may need. */
export interface ForeignOptions {
  /** Keras configuration (`model.to_json()`) or config.json, parsed or not, for files that hold weights alone. */
  readonly config?: unknown;
  /** Layers in order of execution, for files that hold tensors alone. */
  readonly layers?: readonly LayerRequest[] | undefined;
}

/**
 * Reads opened files of any format into memory. Loaded on demand, with all readers of foreign formats: the core streams
 * native files without it.
 *
 * @param headers - of safetensors files, where they have been read
 */
export async function readFiles(
  files: ModelFiles,
  { config = files.config, layers }: ForeignOptions,
  headers?: ReadonlyMap<SourceReader, Header>,
): Promise<Checkpoint> {
  const { weights, metadata, budget } = files;
  const [reader] = weights as [SourceReader];
  if (!isSafetensors(await reader.peek(START_BYTES))) {
    if (weights.length > 1) return readTorchShards(weights, budget, { config, layers });
    return readForeign(reader, budget, { config, layers });
  }
  const parts: TensorFile[] = [];
  for (const one of weights) {
    parts.push(await naming(one.name, () => takeTensors(one, budget, headers?.get(one))));
  }
  return readTensors(parts, metadata, { config, layers });
}

/**
 * The same for those who only want to write the tensors somewhere: where a configuration says what they are, files are read while
 * they do.
 *
 * @param headers - of the safetensors files in front of any other
 * @public - for whoever imports this file on demand, which knip does not follow
 */
export async function takeFiles(
  files: ModelFiles,
  options: ForeignOptions,
  headers: ReadonlyMap<SourceReader, Header>,
): Promise<Taken> {
  const all = [...headers.values()];
  const told = configured(textsOf(files.metadata, all))?.get("config");
  const { config = files.config ?? told, layers } = options;
  const entries = all.flatMap((header) => header.entries);
  // Before any of it is read: such files are large.
  if (layers === undefined) {
    const names = entries.map(({ name }) => name);
    refuseOthers(networkConfig(config), names);
  }
  const isStreamed =
    headers.size === files.weights.length &&
    isOfViews(networkConfig(config)) &&
    sharedNames(all).length === 0 &&
    new RowScales(entries).tensors.size === entries.length;
  if (isStreamed) {
    const arriving = new Arriving(headers, files.budget);
    const checkpoint = importTensors({ format: "safetensors" }, arriving.tensors, {
      config,
      layers,
    });
    return { ...checkpoint, take: (writer) => arriving.take(checkpoint.tensors, writer) };
  }
  const checkpoint = await readFiles(files, options, headers);
  const take = async (writer: Writer) => {
    for (const [name, tensor] of checkpoint.tensors) writer.write(name, tensor);
  };
  return { ...checkpoint, take };
}

/** The tensors of a safetensors file, and what its header says. */
type TensorFile = ReturnType<typeof readSafetensors>;

async function takeTensors(
  reader: SourceReader,
  budget: Budget,
  header: Header | undefined,
): Promise<TensorFile> {
  const start = await reader.peek(START_BYTES);
  if (!isSafetensors(start)) refuseOther(start, reader.name);
  const { bytes } = await takeAll(reader, budget);
  return readSafetensors(bytes, header);
}

/** One model out of safetensors files: native, or a state dict. */
async function readTensors(
  files: readonly TensorFile[],
  metadata: ReadonlyMap<string, string>,
  { config, layers }: ForeignOptions,
): Promise<Checkpoint> {
  const headers = files.map(({ header }) => header);
  const texts = textsOf(metadata, headers);
  const description = texts.map(readNative).find((found) => found !== undefined);
  const scales = new RowScales(headers.flatMap(({ entries }) => entries));
  const tensors = new Map<string, Tensor>();
  for (const file of files) {
    for (const [name, tensor] of file.tensors) {
      if (!scales.keep(name, tensor, 0)) tensors.set(name, scales.apply(name, tensor, 0));
    }
  }
  if (description !== undefined) {
    return { format: "lmu-wasm", description, tensors, notes: [], warnings: [] };
  }
  for (const [name, kept] of sharedNames(headers)) tensors.set(name, tensors.get(kept)!);
  const told = configured(texts);
  const source = { format: "safetensors", ...(told && { metadata: told }) };
  return importTensors(source, tensors, { config: config ?? told?.get("config"), layers });
}

/** Tensors that save_model of safetensors left out because they are others', as headers say, and those others. */
function sharedNames(headers: readonly Header[]): (readonly [name: string, kept: string])[] {
  const names = new Set(headers.flatMap(({ entries }) => entries.map(({ name }) => name)));
  const texts = headers.flatMap(({ metadata }) => [...metadata]);
  return texts.filter(([name, kept]) => names.has(kept) && !names.has(name));
}

/** One model out of files of torch.save. */
async function readTorchShards(
  readers: readonly SourceReader[],
  budget: Budget,
  options: ForeignOptions,
): Promise<Checkpoint> {
  const tensors = new Map<string, Tensor>();
  const notes: string[] = [];
  for (const reader of readers) {
    const part = await naming(reader.name, () => takeStateDict(reader, budget));
    for (const [name, tensor] of part.tensors) tensors.set(name, tensor);
    notes.push(...part.notes);
  }
  return importTensors({ format: "torch", notes }, tensors, options);
}

async function takeStateDict(reader: SourceReader, budget: Budget): Promise<StateDict> {
  const start = await reader.peek(START_BYTES);
  if (!isZip(start)) refuseOther(start, reader.name);
  const { bytes } = await takeAll(reader, budget);
  const archive = await openZip(bytes);
  if (!isTorchArchive(archive.names)) refuseArchive(archive.names);
  return readTorch(archive, bytes.length, budget);
}

/** Texts of an index of shards, and of headers. */
function textsOf(metadata: ReadonlyMap<string, string>, headers: readonly Header[]) {
  return [metadata, ...headers.map((header) => header.metadata)];
}

/** The first with a configuration. */
function configured(texts: readonly ReadonlyMap<string, string>[]) {
  return texts.find((text) => text.has("config"));
}

/** A network that a configuration describes, or a chain of modules. */
function importTensors(
  source: StateDictSource,
  tensors: ReadonlyMap<string, Tensor>,
  { config, layers }: ForeignOptions,
): Checkpoint {
  const network = importNetwork(networkConfig(config), tensors, layers !== undefined);
  return network ?? importStateDict(source, tensors, layers);
}

/** Reads a file that is no safetensors. Its first bytes decide, before the rest is read. */
async function readForeign(
  reader: SourceReader,
  budget: Budget,
  { config, layers }: ForeignOptions,
): Promise<Checkpoint> {
  const start = await reader.peek(START_BYTES);
  if (!isHdf5(start) && !isZip(start)) refuseOther(start, reader.name);
  const { bytes, isOwn } = await takeAll(reader, budget);
  if (isHdf5(bytes)) return readKerasHdf5(bytes, config, budget);
  return readArchive(bytes, budget, { config, layers }, isOwn);
}

async function readArchive(
  bytes: Uint8Array,
  budget: Budget,
  options: ForeignOptions,
  mayOverwrite: boolean,
): Promise<Checkpoint> {
  const archive = await openZip(bytes);
  const { names } = archive;
  if (names.includes("config.json")) {
    const files = archive.unpack((name) => KERAS_FILES.includes(name), budget);
    return readKeras(files, budget, mayOverwrite);
  }
  if (isProgram(names)) refuseArchive(names);
  if (isTorchArchive(names)) {
    const { tensors, notes } = readTorch(archive, bytes.length, budget);
    return importTensors({ format: "torch", notes }, tensors, options);
  }
  if (isNpz(names)) {
    const { tensors, notes } = readNpz(archive, budget);
    return importTensors({ format: "npz", notes }, tensors, options);
  }
  return refuseArchive(names);
}
