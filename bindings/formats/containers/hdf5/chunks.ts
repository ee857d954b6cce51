import type { Inflate } from "../deflate.js";
import { type ChunkLayout, chunksOf } from "./chunk-index.js";
import { type Dataspace, elementsOf } from "./dataspace.js";
import { type Hdf5File, invalid } from "./file.js";
import { type Filter, unfilter } from "./filters.js";
import type { Chunk } from "./grid.js";

/** Steps of a row that is copied. */
const ROW_STEPS = 4;

/** The array that chunks make up. */
export interface ChunkedArray extends Dataspace {
  readonly elementBytes: number;
  readonly path: string;
}

export interface Unpacking {
  readonly filters: readonly Filter[];
  readonly inflate: () => Inflate;
}

/** Reads the chunks of an array into its bytes; those that were never written stay as they are. */
export function readChunks(
  file: Hdf5File,
  layout: ChunkLayout,
  array: ChunkedArray,
  { filters, inflate }: Unpacking,
  into: Uint8Array,
): void {
  const { shape, most, elementBytes, path } = array;
  const chunk = layout.lengths.slice(0, -1);
  const isSound = chunk.length === shape.length && chunk.length > 0 && !chunk.includes(0);
  if (!isSound || layout.lengths.at(-1) !== elementBytes) {
    invalid(`dataset ${path} [${shape.join(", ")}] has chunks [${layout.lengths.join(", ")}]`);
  }
  const chunkBytes = elementsOf(chunk) * elementBytes;
  const counted = (lengths: readonly number[]) =>
    lengths.map((l, axis) => Math.ceil(l / chunk[axis]!));
  const counts = counted(shape);
  const grid = { chunk, chunkBytes, counts, most: counted(most), isFiltered: filters.length > 0 };
  for (const one of chunksOf(file, layout, grid)) {
    if (!one.place.every((at, axis) => Number.isInteger(at) && at < counts[axis]!)) {
      // Datasets that have shrunk keep the chunks outside.
      continue;
    }
    const packed = file.view(one.at, one.bytes);
    const bytes = unfilter(file, packed, one.mask, filters, chunkBytes, inflate);
    if (bytes.length !== chunkBytes) {
      invalid(`a chunk of dataset ${path} has ${bytes.length} bytes, expected ${chunkBytes}`);
    }
    place(file, bytes, one, grid.chunk, array, into);
  }
}

/** Copies the part of a chunk that is within the array, row by row. */
function place(
  file: Hdf5File,
  bytes: Uint8Array,
  chunk: Chunk,
  lengths: readonly number[],
  { shape, elementBytes }: ChunkedArray,
  into: Uint8Array,
): void {
  const last = shape.length - 1;
  const first = chunk.place.map((at, axis) => at * lengths[axis]!);
  const inside = lengths.map((length, axis) => Math.min(length, shape[axis]! - first[axis]!));
  const rowBytes = inside[last]! * elementBytes;
  const row = shape.map(() => 0);
  const rows = elementsOf(inside.slice(0, -1));
  file.spend(rows * (ROW_STEPS * shape.length + rowBytes));
  for (let left = rows; left > 0; left--) {
    let [from, to] = [0, 0];
    for (let axis = 0; axis <= last; axis++) {
      from = from * lengths[axis]! + row[axis]!;
      to = to * shape[axis]! + first[axis]! + row[axis]!;
    }
    const source = bytes.subarray(from * elementBytes, from * elementBytes + rowBytes);
    into.set(source, to * elementBytes);
    for (let axis = last - 1; axis >= 0; axis--) {
      if (++row[axis]! < inside[axis]!) break;
      row[axis] = 0;
    }
  }
}
