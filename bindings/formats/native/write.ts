import { integerOf, scaleOf, sizeOf, type Tensor } from "../../tensor.js";
import type { Checkpoint } from "../checkpoint.js";
import { toBfloat16, toHalf } from "../containers/half.js";
import { NATIVE_KEY, scaleName } from "./metadata.js";

/** How the weights of a native file are stored; they are computed with in f32 whatever it is. */
export type StoredType = "f32" | "f16" | "bf16" | "int8";

/**
 * The native file of a checkpoint.
 *
 * Matrices take the stored type; vectors (biases, scales) and the matrices of a memory stay f32, because they are small
 * and the memory does not forgive rounding.
 */
export function writeNative(checkpoint: Checkpoint, stored: StoredType = "f32"): Uint8Array {
  const pieces: Piece[] = [];
  for (const [name, tensor] of checkpoint.tensors) {
    const isWeight = tensor.shape.length > 1 && !name.endsWith(".D");
    pieces.push(...(isWeight ? encode(name, tensor, stored) : encode(name, tensor, "f32")));
  }
  return writeSafetensors(pieces, { [NATIVE_KEY]: JSON.stringify(checkpoint.description) });
}

/** One tensor of a file under construction. */
export interface Piece {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** A safetensors file. Larger elements come first, so that everything is aligned. */
export function writeSafetensors(
  pieces: readonly Piece[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const sorted = [...pieces].sort((a, b) => elementBytes(b) - elementBytes(a));
  const entries: [string, unknown][] = [["__metadata__", metadata]];
  let end = 0;
  for (const { name, dtype, shape, bytes } of sorted) {
    entries.push([name, { dtype, shape, data_offsets: [end, end + bytes.length] }]);
    end += bytes.length;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const header = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(8 + header + end).fill(0x20, 8, 8 + header);
  new DataView(file.buffer).setBigUint64(0, BigInt(header), true);
  file.set(json, 8);
  let at = 8 + header;
  for (const { bytes } of sorted) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}

function elementBytes({ shape, bytes }: Piece): number {
  return bytes.length / sizeOf(shape);
}

function encode(name: string, tensor: Tensor, stored: StoredType): Piece[] {
  const { shape } = tensor;
  const count = sizeOf(shape);
  if (stored === "int8") return encodeInt8(name, tensor);
  if (stored === "f32") {
    const values = Float32Array.from({ length: count }, (_, i) => tensor.at(i));
    return [{ name, dtype: "F32", shape, bytes: bytesOf(values) }];
  }
  const round = stored === "f16" ? toHalf : toBfloat16;
  const values = Uint16Array.from({ length: count }, (_, i) => round(tensor.at(i)));
  return [{ name, dtype: stored === "f16" ? "F16" : "BF16", shape, bytes: bytesOf(values) }];
}

/** Symmetric, one scale per row: value = scale · integer, |integer| <= 127. */
function encodeInt8(name: string, tensor: Tensor): Piece[] {
  const [rows = 1, ...rest] = tensor.shape;
  const columns = sizeOf(rest);
  const values = new Int8Array(rows * columns);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    let largest = 0;
    for (let i = row * columns; i < (row + 1) * columns; i++) {
      largest = Math.max(largest, Math.abs(tensor.at(i)));
    }
    const scale = scaleOf(largest);
    scales[row] = scale;
    for (let i = row * columns; i < (row + 1) * columns; i++) {
      values[i] = integerOf(tensor.at(i), scale);
    }
  }
  return [
    { name: scaleName(name), dtype: "F32", shape: [rows], bytes: bytesOf(scales) },
    { name, dtype: "I8", shape: tensor.shape, bytes: bytesOf(values) },
  ];
}

function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
