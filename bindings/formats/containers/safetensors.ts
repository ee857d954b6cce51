import { brief, LmuError } from "../../errors.js";
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

const DTYPES: Readonly<Record<string, DType>> = Object.assign(Object.create(null), {
  F64: "f64",
  F32: "f32",
  F16: "f16",
  BF16: "bf16",
  I64: "i64",
  I32: "i32",
  I16: "i16",
  I8: "i8",
  U8: "u8",
  BOOL: "bool",
});

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
  let header: unknown;
  try {
    header = JSON.parse(decodeUtf8(json));
  } catch (cause) {
    throw new LmuError("format-invalid", "Cannot read safetensors: the header is no valid JSON", {
      cause,
    });
  }
  if (typeof header !== "object" || header === null || Array.isArray(header))
    invalid("the header is no object");
  const metadata = new Map<string, string>();
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === "__metadata__") readMetadata(value, metadata);
    else entries.push(readEntry(name, value));
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let dataBytes = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== dataBytes) invalid(`tensor ${name} begins at ${begin}, expected ${dataBytes}`);
    dataBytes = end;
  }
  const dataAt = 8 + json.length;
  if (fileBytes !== undefined && fileBytes !== dataAt + dataBytes) {
    invalid(`the file has ${fileBytes} bytes, expected ${dataAt + dataBytes}`);
  }
  return { entries, metadata, dataAt, dataBytes };
}

/** All tensors of a file in memory; the data is not copied. */
export function readSafetensors(bytes: Uint8Array): {
  header: Header;
  tensors: Map<string, Tensor>;
} {
  if (!isSafetensors(bytes)) invalid("the file does not begin with a header");
  const length = headerLength(bytes);
  if (8 + length > bytes.length)
    invalid(`the header has ${length} bytes, but the file only ${bytes.length}`);
  const header = parseHeader(bytes.subarray(8, 8 + length), bytes.length);
  const tensors = new Map<string, Tensor>();
  for (const { name, dtype, shape, begin, end } of header.entries) {
    tensors.set(
      name,
      tensorOfBytes(dtype, shape, bytes.subarray(header.dataAt + begin, header.dataAt + end)),
    );
  }
  return { header, tensors };
}

function readMetadata(value: unknown, metadata: Map<string, string>): void {
  if (typeof value !== "object" || value === null) invalid("__metadata__ is no object");
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") invalid(`metadata ${key} is no text`);
    metadata.set(key, text);
  }
}

function readEntry(name: string, value: unknown): Entry {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  const type = typeof dtype === "string" ? DTYPES[dtype] : undefined;
  if (!type)
    invalid(
      `tensor ${name} has dtype ${brief(dtype)}, expected one of ${Object.keys(DTYPES).join(", ")}`,
    );
  if (!isCounts(shape)) invalid(`tensor ${name} has shape ${brief(shape)}, expected sizes`);
  if (!isCounts(offsets) || offsets.length !== 2) {
    invalid(`tensor ${name} has data_offsets ${brief(offsets)}, expected two offsets`);
  }
  const [begin, end] = offsets as [number, number];
  const bytes = sizeOf(shape) * ELEMENT_BYTES[type];
  if (end - begin !== bytes) {
    invalid(
      `tensor ${name} [${shape.join(", ")}] of ${dtype as string} has ${end - begin} bytes, expected ${bytes}`,
    );
  }
  return { name, dtype: type, shape, begin, end };
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);
}

function invalid(problem: string): never {
  throw new LmuError("format-invalid", `Cannot read safetensors: ${problem}`);
}
