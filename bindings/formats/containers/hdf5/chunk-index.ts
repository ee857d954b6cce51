import { CHUNK_NODE, leavesOf } from "./b-tree-1.js";
import { recordsOf } from "./b-tree-2.js";
import { extensibleArray, fixedArray } from "./chunk-arrays.js";
import { elementsOf } from "./dataspace.js";
import { ENTRY_STEPS, type Hdf5File, invalid } from "./file.js";
import { type Chunk, type Grid, sizeAndMask, type Stored } from "./grid.js";

/** Records of a B-tree of chunks without and with filters. */
const CHUNK_RECORD = 10;
const FILTERED_RECORD = 11;

/** How a dataset is cut, and where the list of its chunks stands. */
export interface ChunkLayout {
  readonly index: "tree" | "single" | "implicit" | "fixed array" | "extensible array" | "tree 2";
  /** Undefined when no chunk was written. */
  readonly address: number | undefined;
  /** Elements of a chunk along each axis, and bytes of an element. */
  readonly lengths: readonly number[];
  /** A single chunk that went through filters. */
  readonly packed?: { readonly bytes: number; readonly mask: number } | undefined;
}

/** Every chunk that was written. */
export function chunksOf(file: Hdf5File, layout: ChunkLayout, grid: Grid): Iterable<Chunk> {
  const { address } = layout;
  if (address === undefined) return [];
  switch (layout.index) {
    case "tree":
      return tree(file, address, grid);
    case "single": {
      const { bytes, mask } = layout.packed ?? { bytes: grid.chunkBytes, mask: 0 };
      return [{ at: address, bytes, mask, place: grid.counts.map(() => 0) }];
    }
    case "implicit":
      return numbered(file, grid, (index) => ({
        at: address + index * grid.chunkBytes,
        bytes: grid.chunkBytes,
        mask: 0,
      }));
    case "fixed array":
      return numbered(file, grid, fixedArray(file, address, grid));
    case "extensible array":
      return numbered(file, grid, extensibleArray(file, address, grid));
    case "tree 2":
      return tree2(file, address, grid);
  }
}

function* tree(file: Hdf5File, address: number, { chunk }: Grid): Generator<Chunk> {
  const keyBytes = 8 + 8 * (chunk.length + 1);
  for (const { key, child } of leavesOf(file, address, CHUNK_NODE, keyBytes)) {
    const at = file.at(key);
    const [bytes, mask] = [at.u32(), at.u32()];
    const place = chunk.map((length) => at.uint(8) / length);
    yield { at: child, bytes, mask, place };
  }
}

function* tree2(file: Hdf5File, address: number, grid: Grid): Generator<Chunk> {
  const { chunk, chunkBytes, isFiltered } = grid;
  const type = isFiltered ? FILTERED_RECORD : CHUNK_RECORD;
  const records = recordsOf(file, address, type);
  const sizeBytes = records.recordBytes - file.offsetBytes - 8 * chunk.length - 4;
  if (isFiltered && !(sizeBytes >= 1 && sizeBytes <= 8)) invalid("the size of chunks has no size");
  for (const record of records.at) {
    const at = file.at(record);
    const where = at.pointer("a chunk");
    const { bytes, mask } = isFiltered
      ? sizeAndMask(at, sizeBytes)
      : { bytes: chunkBytes, mask: 0 };
    yield { at: where, bytes, mask, place: chunk.map(() => at.uint(8)) };
  }
}

/**
 * Chunks in row-major order of the largest grid. Where one axis alone may grow without end it comes first, because the
 * other numbers would change with it.
 */
function* numbered(
  file: Hdf5File,
  { counts, most }: Grid,
  find: (index: number) => Stored | undefined,
): Generator<Chunk> {
  const endless = most.indexOf(Infinity);
  const axes = counts.map((_, axis) => axis);
  if (endless > 0) axes.unshift(...axes.splice(endless, 1));
  const place = counts.map(() => 0);
  for (let left = elementsOf(counts); left > 0; left--) {
    file.spend(ENTRY_STEPS);
    const stored = find(
      axes.reduce((index, axis) => index * bounded(most[axis]!) + place[axis]!, 0),
    );
    if (stored) yield { ...stored, place: [...place] };
    for (let axis = counts.length - 1; axis >= 0; axis--) {
      if (++place[axis]! < counts[axis]!) break;
      place[axis] = 0;
    }
  }
}

/** The first factor of an index multiplies nothing. */
function bounded(count: number): number {
  return count === Infinity ? 0 : count;
}
