import { LmuError } from "../../../errors.js";
import { ELEMENT_BYTES, sizeOf, strided, type Tensor, tensorOfBytes } from "../../../tensor.js";
import type { TensorReference } from "./torch-globals.js";

/** Files of an archive under data/, by their names there. */
export interface Storages {
  readonly isLittleEndian: boolean;
  bytesOf(key: string): Uint8Array | undefined;
}

/**
 * The tensor behind a reference: a view of the archive's bytes, checked against them.
 *
 * @returns undefined for element types that no layer reads
 * @throws LmuError format-invalid
 */
export function openTensor(
  name: string,
  reference: TensorReference,
  storages: Storages,
): Tensor | undefined {
  const { type, storage } = reference;
  const { dtype } = type;
  const bytes = storages.bytesOf(storage.key);
  if (!bytes) invalid(name, `stands in storage ${JSON.stringify(storage.key)}, which is not there`);
  const { offset, shape, strides } = layoutOf(name, reference);
  if (!dtype) return undefined;
  const elements = Math.floor(bytes.length / ELEMENT_BYTES[dtype]);
  const count = sizeOf(shape);
  const reach = shape.reduce((last, length, axis) => last + (length - 1) * strides[axis]!, 0) + 1;
  const used = count === 0 ? 0 : reach;
  const what = `of shape [${shape.join(", ")}] and strides [${strides.join(", ")}] at ${offset}`;
  if (offset + used > elements) invalid(name, `${what} goes beyond its ${elements} stored numbers`);
  // Else a file of a few bytes could stand for gigabytes.
  if (count > elements) invalid(name, `${what} repeats numbers, save it as tensor.contiguous()`);
  const first = offset * ELEMENT_BYTES[dtype];
  const part = bytes.subarray(first, first + used * ELEMENT_BYTES[dtype]);
  const { isLittleEndian } = storages;
  if (isRowMajor(shape, strides)) return tensorOfBytes(dtype, shape, part, isLittleEndian);
  return strided(tensorOfBytes(dtype, [used], part, isLittleEndian), shape, strides);
}

interface Layout {
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** Longest axis and highest stride taken. */
const MAX_LENGTH = 2 ** 32;
const MAX_AXES = 64;

function layoutOf(name: string, { offset, shape, strides }: TensorReference): Layout {
  if (!isCounts([offset]) || !isCounts(shape) || !isCounts(strides)) {
    invalid(name, "has no proper offset, shape and strides");
  }
  if (shape.length !== strides.length || shape.length > MAX_AXES) {
    invalid(name, `has ${shape.length} axes and ${strides.length} strides`);
  }
  const size = shape.reduce((product, length) => product * Math.max(1, length), 1);
  if (!(size < 2 ** 53)) invalid(name, `has shape [${shape.join(", ")}], more than any file holds`);
  return { offset: offset as number, shape, strides };
}

function isCounts(value: unknown): value is number[] {
  const isCount = (count: unknown) =>
    Number.isInteger(count) && (count as number) >= 0 && (count as number) < MAX_LENGTH;
  return Array.isArray(value) && value.every(isCount);
}

function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  let wanted = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== wanted) return false;
    wanted *= shape[axis]!;
  }
  return true;
}

function invalid(name: string, problem: string): never {
  throw new LmuError(
    "format-invalid",
    `Cannot read the checkpoint: tensor ${JSON.stringify(name.slice(0, 100))} ${problem}`,
  );
}
