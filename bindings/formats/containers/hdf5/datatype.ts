import type { DType } from "../../../tensor.js";
import type { Cursor } from "./file.js";

export const OPAQUE = "opaque bytes";

/** Classes of datatypes by number. */
const CLASSES = [
  "integers",
  "floats",
  "times",
  "texts",
  "bit fields",
  OPAQUE,
  "compounds",
  "references",
  "enumerations",
  "sequences of variable length",
  "arrays",
];

/** Floats of IEEE 754, and bfloat16: bytes, place of the sign, places and bits of exponent and mantissa, bias. */
const FLOATS: readonly (readonly [DType, string])[] = [
  ["f16", "2 15 10 5 0 10 15"],
  ["bf16", "2 15 7 8 0 7 127"],
  ["f32", "4 31 23 8 0 23 127"],
  ["f64", "8 63 52 11 0 52 1023"],
];

export type Datatype = { readonly bytes: number } & (
  | { readonly kind: "number"; readonly dtype: DType; readonly littleEndian: boolean }
  /** Padded by zeros, by spaces, or ended by a zero. */
  | { readonly kind: "text"; readonly isSpaced: boolean }
  | { readonly kind: "text of any length" }
  /** Anything else, in words. */
  | { readonly kind: "other"; readonly name: string }
);

/** Reads a datatype message. */
export function readDatatype(at: Cursor): Datatype {
  const kind = at.u8() & 15;
  const bits = at.uint(3);
  const bytes = at.u32();
  const name = CLASSES[kind] ?? `class ${kind}`;
  if (kind === 0) return integer(at, bits, bytes);
  if (kind === 1) return float(at, bits, bytes);
  if (kind === 3) return { kind: "text", bytes, isSpaced: (bits & 15) === 2 };
  if (kind === 9 && (bits & 15) === 1) return { kind: "text of any length", bytes };
  return { kind: "other", bytes, name };
}

function integer(at: Cursor, bits: number, bytes: number): Datatype {
  const [offset, precision] = [at.u16(), at.u16()];
  const isSigned = (bits & 8) !== 0;
  const name = `${isSigned ? "i" : "u"}${precision}`;
  const isWhole = offset === 0 && precision === 8 * bytes;
  if (isWhole && (name === "u8" || (isSigned && [1, 2, 4, 8].includes(bytes)))) {
    return { kind: "number", bytes, dtype: name as DType, littleEndian: (bits & 1) === 0 };
  }
  return { kind: "other", bytes, name: isWhole ? name : `integers of ${precision} bits` };
}

/** Other floats of the same size would give wrong numbers. */
function float(at: Cursor, bits: number, bytes: number): Datatype {
  const [offset, precision] = [at.u16(), at.u16()];
  const fields = [at.u8(), at.u8(), at.u8(), at.u8(), at.u32()];
  const layout = [bytes, (bits >> 8) & 255, ...fields].join(" ");
  const dtype = FLOATS.find((known) => known[1] === layout)?.[0];
  // Bits 0 and 6: byte order, both for that of a VAX; 4 and 5: the mantissa's first bit is implied.
  const isPlain = offset === 0 && precision === 8 * bytes && (bits & 0x7e) === 0x20;
  if (dtype && isPlain) return { kind: "number", bytes, dtype, littleEndian: (bits & 1) === 0 };
  const [, exponentBits, , mantissaBits, bias] = fields;
  const name = `floats of ${precision} bits (exponent ${exponentBits}, mantissa ${mantissaBits}, bias ${bias})`;
  return { kind: "other", bytes, name };
}
