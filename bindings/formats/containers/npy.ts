import { LmuError } from "../../errors.js";
import { type DType, permute, type Tensor, tensorOfBytes } from "../../tensor.js";

/*
 * .npy: "\x93NUMPY", version, length of the header, the header (a Python dict of 'descr', 'fortran_order' and 'shape'), the
 * data. https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */

/** Element types by numpy's letters and sizes, without the byte order. */
const DTYPES: ReadonlyMap<string, DType> = new Map<string, DType>([
  ["f8", "f64"],
  ["f4", "f32"],
  ["f2", "f16"],
  ["i8", "i64"],
  ["i4", "i32"],
  ["i2", "i16"],
  ["i1", "i8"],
  ["u1", "u8"],
  ["b1", "bool"],
]);

/** Texts, dates, complex and wide unsigned numbers: such arrays are left out. Objects, which are pickles, never pass. */
const OTHERS = /^[cUSMmuV]\d+$/;

/**
 * Reads one .npy file.
 *
 * @returns undefined for element types that no layer reads
 * @throws LmuError format-invalid
 */
export function readNpy(name: string, bytes: Uint8Array): Tensor | undefined {
  const { dtype, isLittleEndian, isFortran, shape, dataAt } = readNpyHeader(name, bytes);
  if (!dtype) return undefined;
  const data = bytes.subarray(dataAt);
  if (!isFortran) return tensorOfBytes(dtype, shape, data, isLittleEndian);
  const axes = shape.map((_, axis) => shape.length - 1 - axis);
  return permute(tensorOfBytes(dtype, [...shape].reverse(), data, isLittleEndian), axes);
}

/** What the header of an .npy file says. */
export interface NpyHeader {
  /** Undefined for element types that no layer reads. */
  readonly dtype: DType | undefined;
  readonly isLittleEndian: boolean;
  readonly isFortran: boolean;
  readonly shape: readonly number[];
  /** Bytes before the data. */
  readonly dataAt: number;
}

/** Bytes of which a file's first so many hold any header that is read. */
export const NPY_HEADER_BYTES = 12 + 10_000;

/**
 * Reads the header of an .npy file.
 *
 * @param bytes - the file, or its first {@link NPY_HEADER_BYTES}
 * @throws LmuError format-invalid
 */
export function readNpyHeader(name: string, bytes: Uint8Array): NpyHeader {
  const { header, dataAt } = split(name, bytes);
  const { descr, isFortran, shape } = parseHeader(name, header);
  const dtype = DTYPES.get(descr.slice(1));
  const isOther = !dtype && OTHERS.test(descr.slice(1));
  if (!isOther && (!dtype || !"<>|=".includes(descr[0]!))) {
    const known = [...DTYPES.keys()].join(", ");
    invalid(name, `holds elements ${JSON.stringify(descr.slice(0, 40))}, expected one of ${known}`);
  }
  return { dtype, isLittleEndian: descr[0] !== ">", isFortran, shape, dataAt };
}

/** The dict of a header, and where the data begin. */
function split(name: string, bytes: Uint8Array): { header: Uint8Array; dataAt: number } {
  const isNpy = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59].every((byte, i) => bytes[i] === byte);
  const version = bytes[6] ?? 0;
  if (!isNpy || version < 1 || version > 3) invalid(name, "is no .npy file of version 1 to 3");
  const headerAt = version === 1 ? 10 : 12;
  if (bytes.length < headerAt) invalid(name, "ends within its header");
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerAt);
  const dataAt = headerAt + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (dataAt > bytes.length) invalid(name, "ends within its header");
  return { header: bytes.subarray(headerAt, dataAt), dataAt };
}

interface Dict {
  readonly descr: string;
  readonly isFortran: boolean;
  readonly shape: readonly number[];
}

type Literal = string | boolean | readonly number[];

/** What a header is made of: texts, flags, counts and punctuation. Python 2 wrote counts with an L. */
const TOKEN = /\s*(?:'([^'\\]*)'|"([^"\\]*)"|(True|False)|(\d{1,15})L?|([{}():,]))/y;

/** Parses the Python dict of a header; nothing is evaluated. */
function parseHeader(name: string, bytes: Uint8Array): Dict {
  const fields = new Map<string, Literal>();
  const tokens = tokenize(name, bytes);
  let at = 0;
  const next = () => tokens[at++];
  if (next() !== "{") invalid(name, "has no dict for a header");
  for (let token = next(); token !== "}"; token = next()) {
    if (typeof token !== "object" || next() !== ":") invalid(name, "has a broken header");
    const value = next();
    if (value === "(") fields.set(token.text, counts(name, next));
    else if (typeof value === "boolean") fields.set(token.text, value);
    else if (typeof value === "object") fields.set(token.text, value.text);
    else invalid(name, `has a header whose ${JSON.stringify(token.text)} is not read`);
    if (tokens[at] === ",") at++;
  }
  const [descr, isFortran, shape] = ["descr", "fortran_order", "shape"].map((k) => fields.get(k));
  if (typeof descr !== "string" || typeof isFortran !== "boolean" || !Array.isArray(shape)) {
    invalid(name, "has a header without descr, fortran_order and shape");
  }
  return { descr, isFortran, shape: shape as number[] };
}

/** A text of the header, a flag, a count, or punctuation. */
type Token = { readonly text: string } | boolean | number | string;

function tokenize(name: string, bytes: Uint8Array): Token[] {
  // Longer headers belong to arrays of records, which are not read.
  if (bytes.length > 10_000) invalid(name, "has too long a header");
  const header = String.fromCharCode(...bytes).trimEnd();
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < header.length) {
    const match = TOKEN.exec(header);
    if (!match) invalid(name, "has a header that is no dict of texts, flags and counts");
    const [, single, double, flag, count, mark] = match;
    if (flag !== undefined) tokens.push(flag === "True");
    else if (count !== undefined) tokens.push(Number(count));
    else tokens.push(mark ?? { text: (single ?? double)! });
  }
  return tokens;
}

/** Counts up to the closing bracket. */
function counts(name: string, next: () => Token | undefined): number[] {
  const values: number[] = [];
  for (let token = next(); token !== ")"; token = next()) {
    if (token === ",") continue;
    if (typeof token !== "number" || token >= 2 ** 32) invalid(name, "has a broken shape");
    values.push(token);
  }
  if (values.length > 64) invalid(name, "has too many axes");
  return values;
}

function invalid(name: string, problem: string): never {
  throw new LmuError("format-invalid", `Cannot read the array: ${name} ${problem}`);
}
