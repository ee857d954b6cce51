import { brief, LmuError } from "../../errors.js";
import { naming, shortName } from "../../source/naming.js";
import type { SourceReader } from "../../source/reader.js";
import { type DType, ELEMENT_BYTES, sizeOf, type Tensor, tensorOfBytes } from "../../tensor.js";
import { decodeUtf8 } from "../../utf8.js";

/*
 * safetensors: 8 bytes of header length (little-endian), a JSON header { name: { dtype, shape, data_offsets } } with an
 * optional "__metadata__" of texts, then the data. https://huggingface.co/docs/safetensors
 *
 * Files come from strangers: lengths are checked against the file before anything is read or allocated.
 */

/** One tensor of the header. */
export interface Entry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** First byte of the data, counted from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

/** A header, checked. */
export interface Header {
  /** In the order of the data. */
  readonly entries: readonly Entry[];
  readonly metadata: ReadonlyMap<string, string>;
  /** Bytes before the data. */
  readonly dataAt: number;
  /** Bytes of data. */
  readonly dataBytes: number;
}

/** The format's own limit, which keeps a hostile length from being believed. */
const MAX_HEADER = 100_000_000;

/** Element types as the format calls them: those of tensors in capitals. */
const DTYPES = Object.keys(ELEMENT_BYTES).join(", ").toUpperCase();

/** Whether a file can be safetensors, from its first 9 bytes. */
export function isSafetensors(start: Uint8Array): boolean {
  return start.length >= 9 && start[8] === 0x7b && headerLength(start) <= MAX_HEADER;
}

/** Bytes of the JSON header. */
export function headerLength(start: Uint8Array): number {
  const view = new DataView(start.buffer, start.byteOffset, 8);
  return view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
}

/**
 * Parses and checks a header.
 *
 * @param json - the header without its length
 * @param fileBytes - length of the whole file, where it is known
 */
export function parseHeader(json: Uint8Array, fileBytes: number | undefined): Header {
  const metadata = new Map<string, string>();
  const entries: Entry[] = [];
  const names = new Set<string>();
  for (const [name, value] of members(json)) {
    if (names.has(name)) invalid(`${shortName(name)} is there twice`);
    names.add(name);
    if (name === "__metadata__") readMetadata(value, metadata);
    else entries.push(readEntry(name, value));
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let dataBytes = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== dataBytes)
      invalid(`tensor ${shortName(name)} begins at ${begin}, expected ${dataBytes}`);
    dataBytes = end;
  }
  const header = { entries, metadata, dataAt: 8 + json.length, dataBytes };
  if (fileBytes !== undefined) checkLength(header, fileBytes);
  return header;
}

function checkLength({ dataAt, dataBytes }: Header, fileBytes: number): void {
  if (fileBytes !== dataAt + dataBytes) {
    invalid(`the file has ${fileBytes} bytes, expected ${dataAt + dataBytes}`);
  }
}

/**
 * All tensors of a file in memory; the data is not copied.
 *
 * @param known - the header, where it has been read
 */
export function readSafetensors(
  bytes: Uint8Array,
  known?: Header,
): { header: Header; tensors: Map<string, Tensor> } {
  const header = known ?? readHeader(bytes);
  checkLength(header, bytes.length);
  const tensors = new Map<string, Tensor>();
  for (const { name, dtype, shape, begin, end } of header.entries) {
    tensors.set(
      name,
      tensorOfBytes(dtype, shape, bytes.subarray(header.dataAt + begin, header.dataAt + end)),
    );
  }
  return { header, tensors };
}

function readHeader(bytes: Uint8Array): Header {
  if (!isSafetensors(bytes)) invalid("the file does not begin with a header");
  const length = headerLength(bytes);
  if (8 + length > bytes.length)
    invalid(`the header has ${length} bytes, but the file only ${bytes.length}`);
  return parseHeader(bytes.subarray(8, 8 + length), undefined);
}

const TEXT = String.raw`"[^"\\]*(?:\\.[^"\\]*)*"`;
/** A name and an object that holds no others. No two ways lead through a text, so that a failure takes linear time. */
const MEMBER = new RegExp(
  String.raw`\s*(${TEXT})\s*:\s*({[^{}"]*(?:${TEXT}[^{}"]*)*})\s*([,}])`,
  "sy",
);

/**
 * The members of the header, parsed one at a time: JSON.parse makes up to 47 bytes of every byte of a hostile header, and
 * is silent about names that are there twice.
 */
function* members(json: Uint8Array): Generator<[name: string, value: object]> {
  try {
    const text = decodeUtf8(json).trim();
    MEMBER.lastIndex = 1;
    for (let end = ","; end === ",";) {
      const [, name, value, mark] = MEMBER.exec(text) ?? invalid(NO_JSON);
      const key = JSON.parse(name!) as string;
      yield [key, objectOf(value!, key)];
      end = mark!;
    }
    if (MEMBER.lastIndex < text.length) invalid(NO_JSON);
  } catch (cause) {
    if (cause instanceof LmuError) throw cause;
    invalid(NO_JSON, cause);
  }
}

/** A text, and whether it is the name of a member. */
const MEMBER_NAME = new RegExp(String.raw`${TEXT}(\s*:)?`, "sg");

/** An object that holds no others, whose names are there once. */
function objectOf(json: string, name: string): object {
  const object = JSON.parse(json) as object;
  let names = 0;
  for (const [, colon] of json.matchAll(MEMBER_NAME)) if (colon !== undefined) names++;
  if (names !== Object.keys(object).length) invalid(`${shortName(name)} has a key twice`);
  return object;
}

const NO_JSON = "the header is no valid JSON of flat objects";

function readMetadata(value: unknown, metadata: Map<string, string>): void {
  if (typeof value !== "object" || value === null) invalid("__metadata__ is no object");
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") invalid(`metadata ${shortName(key)} is no text`);
    metadata.set(key, text);
  }
}

function readEntry(name: string, value: unknown): Entry {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  const type = (Object.keys(ELEMENT_BYTES) as DType[]).find((one) => one.toUpperCase() === dtype);
  if (!type)
    invalid(`tensor ${shortName(name)} has dtype ${brief(dtype)}, expected one of ${DTYPES}`);
  if (!isCounts(shape))
    invalid(`tensor ${shortName(name)} has shape ${brief(shape)}, expected sizes`);
  if (!isCounts(offsets) || offsets.length !== 2) {
    invalid(`tensor ${shortName(name)} has data_offsets ${brief(offsets)}, expected two offsets`);
  }
  const [begin, end] = offsets as [number, number];
  const bytes = sizeOf(shape) * ELEMENT_BYTES[type];
  if (end - begin !== bytes) {
    invalid(
      `tensor ${shortName(name)} [${shape.join(", ")}] of ${dtype as string} has ${end - begin} bytes, expected ${bytes}`,
    );
  }
  return { name, dtype: type, shape, begin, end };
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);
}

/** Bytes of a tensor that are read at a time, unless a row is longer. */
export const PORTION = 1 << 20;

/**
 * Takes the data of one tensor, whole rows at a time.
 *
 * @param reader - where the data of the tensor begins
 * @param take - is given rows, from which one on; their bytes are overwritten afterwards
 * @throws LmuError format-invalid if the file ends before
 */
export async function takeTensor(
  { name, dtype, shape }: Entry,
  reader: SourceReader,
  take: (rows: Tensor, first: number, bytes: Uint8Array) => void,
): Promise<void> {
  const [rows = 1, ...row] = shape;
  const rowBytes = sizeOf(row) * ELEMENT_BYTES[dtype];
  const portion = Math.max(1, Math.floor(PORTION / rowBytes));
  for (let first = 0; first < rows; first += portion) {
    const count = Math.min(portion, rows - first);
    const bytes = await reader.take(count * rowBytes);
    if (!bytes) invalid(`the file ends within tensor ${shortName(name)}`);
    take(tensorOfBytes(dtype, [count, ...row], bytes), first, bytes);
  }
}

/**
 * Takes all tensors of some files, in the order of their data.
 *
 * @param take - takes one from its reader
 * @throws LmuError format-invalid if more comes than the headers told of
 */
export async function takeEntries(
  headers: ReadonlyMap<SourceReader, Header>,
  take: (entry: Entry, reader: SourceReader) => Promise<void>,
): Promise<void> {
  for (const [reader, { dataAt, entries }] of headers) {
    await naming(reader.name, async () => {
      await reader.take(dataAt);
      for (const entry of entries) await take(entry, reader);
      if ((await reader.peek(1)).length > 0) invalid("the file goes on after its last tensor");
    });
  }
}

/** @throws LmuError format-invalid */
export function invalid(problem: string, cause?: unknown): never {
  throw new LmuError("format-invalid", `Cannot read safetensors: ${problem}`, { cause });
}
