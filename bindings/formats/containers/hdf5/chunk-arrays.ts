import { type Cursor, type Hdf5File, invalid } from "./file.js";
import { type Grid, sizeAndMask, type Stored } from "./grid.js";

/*
 * Lists of chunks by number: of fixed length, or growing by blocks. Long blocks are cut into pages, each followed by a
 * checksum.
 */

const CHECKSUM_BYTES = 4;

/** How elements of an array look. */
interface Elements {
  readonly bytes: number;
  read(at: Cursor): Stored | undefined;
}

function elementsIn(file: Hdf5File, bytes: number, { isFiltered, chunkBytes }: Grid): Elements {
  const sizeBytes = isFiltered ? bytes - file.offsetBytes - 4 : 0;
  if (isFiltered ? !(sizeBytes >= 1 && sizeBytes <= 8) : bytes !== file.offsetBytes) {
    invalid(`an array of chunks has elements of ${bytes} bytes`);
  }
  return {
    bytes,
    read: (at) => {
      const address = at.address();
      if (address === undefined) return undefined;
      const stored = isFiltered ? sizeAndMask(at, sizeBytes) : { bytes: chunkBytes, mask: 0 };
      return { at: address, ...stored };
    },
  };
}

/** Finds the index-th element among those that begin at a place, in pages of so many or in one piece. */
function elementAt(from: number, index: number, elementBytes: number, pageLength: number): number {
  return from + index * elementBytes + Math.floor(index / pageLength) * CHECKSUM_BYTES;
}

/** A bit per page, highest first: pages never written have arbitrary bytes. */
function isWritten(file: Hdf5File, bitmap: number, page: number): boolean {
  return (file.at(bitmap + (page >> 3)).u8() & (0x80 >> (page & 7))) !== 0;
}

/** Finds elements of a fixed array. */
export function fixedArray(
  file: Hdf5File,
  address: number,
  grid: Grid,
): (index: number) => Stored | undefined {
  const at = file.at(address).expect("FAHD").skip(2);
  const elements = elementsIn(file, at.u8(), grid);
  const pageLength = 2 ** at.u8();
  const length = at.length();
  const block = at.address();
  if (block === undefined) return () => undefined;
  file.at(block).expect("FADB");
  const bitmap = block + 6 + file.offsetBytes;
  const isPaged = length > pageLength;
  const bitmapBytes = isPaged ? Math.ceil(Math.ceil(length / pageLength) / 8) + CHECKSUM_BYTES : 0;
  return (index) => {
    if (index >= length) invalid("a fixed array ends before the chunks do");
    if (isPaged && !isWritten(file, bitmap, Math.floor(index / pageLength))) return undefined;
    const from = bitmap + bitmapBytes;
    const where = elementAt(from, index, elements.bytes, isPaged ? pageLength : Infinity);
    return elements.read(file.at(where));
  };
}

/** The sizes of an extensible array. */
interface Growth {
  /** Elements in the index block itself. */
  readonly inIndex: number;
  /** Elements of the first data block. */
  readonly first: number;
  /** Super blocks whose data blocks the index block names itself, and how many these are. */
  readonly direct: number;
  readonly directBlocks: number;
  readonly pageLength: number;
  /** Bytes of a block's head. */
  readonly headBytes: number;
}

/**
 * Finds elements of an extensible array. Behind the elements of the index block, super block s has 2^⌊s/2⌋ data blocks of
 * first·2^⌈s/2⌉ elements each.
 */
export function extensibleArray(
  file: Hdf5File,
  address: number,
  grid: Grid,
): (index: number) => Stored | undefined {
  const at = file.at(address).expect("EAHD").skip(2);
  const elements = elementsIn(file, at.u8(), grid);
  const bits = at.u8();
  const inIndex = at.u8();
  const first = at.u8();
  const pointers = at.u8();
  const pageLength = 2 ** at.u8();
  const index = at.skip(6 * file.lengthBytes).address();
  if (index === undefined) return () => undefined;
  if (!(first > 0 && pointers > 0 && bits <= 64))
    invalid("an extensible array has blocks without size");
  file.at(index).expect("EAIB");
  const growth: Growth = {
    inIndex,
    first,
    direct: 2 * Math.floor(Math.log2(pointers)),
    directBlocks: 2 * (pointers - 1),
    pageLength,
    headBytes: 6 + file.offsetBytes + Math.ceil(bits / 8),
  };
  const from = index + 6 + file.offsetBytes;
  return (number) => {
    if (number < inIndex) return elements.read(file.at(from + number * elements.bytes));
    return inBlocks(file, from + inIndex * elements.bytes, number - inIndex, growth, elements);
  };
}

/** The element at an offset behind those of the index block, whose addresses of blocks begin at a place. */
function inBlocks(
  file: Hdf5File,
  addresses: number,
  offset: number,
  growth: Growth,
  elements: Elements,
): Stored | undefined {
  // Of super blocks 0 … s - 1: first·(2^s - 1) elements.
  const level = Math.floor(Math.log2(offset / growth.first + 1));
  const length = growth.first * 2 ** Math.ceil(level / 2);
  const within = offset - growth.first * (2 ** level - 1);
  const block = Math.floor(within / length);
  const { offsetBytes } = file;
  const pages = length / growth.pageLength;
  let where: number | undefined;
  let bitmap: number | undefined;
  if (level < growth.direct) {
    const before = blocksBefore(level);
    where = file.at(addresses + (before + block) * offsetBytes).address();
  } else {
    const entry = growth.directBlocks + level - growth.direct;
    const superBlock = file.at(addresses + entry * offsetBytes).address();
    if (superBlock === undefined) return undefined;
    file.at(superBlock).expect("EASB");
    const blocks = 2 ** Math.floor(level / 2);
    // A bit per page of all blocks, in so many bytes as if each block had its own.
    bitmap = superBlock + growth.headBytes;
    const bitmapBytes = pages > 1 ? blocks * Math.ceil(pages / 8) : 0;
    where = file.at(bitmap + bitmapBytes + block * offsetBytes).address();
  }
  if (where === undefined) return undefined;
  file.at(where).expect("EADB");
  const index = within - block * length;
  const from = where + growth.headBytes;
  if (pages <= 1) return elements.read(file.at(from + index * elements.bytes));
  const page = block * pages + Math.floor(index / growth.pageLength);
  if (bitmap !== undefined && !isWritten(file, bitmap, page)) return undefined;
  const paged = elementAt(from + CHECKSUM_BYTES, index, elements.bytes, growth.pageLength);
  return elements.read(file.at(paged));
}

/** Data blocks of the super blocks before a level. */
function blocksBefore(level: number): number {
  let count = 0;
  for (let s = 0; s < level; s++) count += 2 ** Math.floor(s / 2);
  return count;
}
