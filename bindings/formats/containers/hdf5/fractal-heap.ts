import { bytesFor, type Cursor, ENTRY_STEPS, type Hdf5File, invalid, unsupported } from "./file.js";
import { recordsOf } from "./b-tree-2.js";

/** Records of objects too large for the heap's blocks, by number. */
const HUGE_RECORD = 1;

/** Where an object stands. */
interface Place {
  readonly at: number;
  readonly bytes: number;
}

/**
 * Heap of links or attributes. Its blocks form a table of rows: those of the first two have the starting size, each
 * further row twice the one before. Rows above the largest direct block refer to tables again.
 */
export class FractalHeap {
  readonly #huge: number | undefined;
  readonly #width: number;
  readonly #startBytes: number;
  readonly #maxDirectBytes: number;
  /** Of an offset and a length in an object's identifier. */
  readonly #offsetBytes: number;
  readonly #lengthBytes: number;
  readonly #root: number | undefined;
  readonly #rows: number;
  #hugePlaces: Map<number, Place> | undefined;

  constructor(
    private readonly file: Hdf5File,
    address: number,
  ) {
    const at = file.at(address).expect("FRHP");
    at.version("a fractal heap", 0);
    at.skip(2);
    if (at.u16() > 0) unsupported("links or attributes are stored compressed");
    at.skip(1);
    const maxBytes = at.u32();
    this.#huge = at.skip(file.lengthBytes).address();
    at.skip(file.offsetBytes + 9 * file.lengthBytes);
    this.#width = at.u16();
    this.#startBytes = at.length();
    this.#maxDirectBytes = at.length();
    const bits = at.u16();
    this.#offsetBytes = Math.ceil(bits / 8);
    const directBytes = Math.ceil(Math.log2(this.#maxDirectBytes) / 8);
    this.#lengthBytes = Math.min(directBytes, bytesFor(maxBytes));
    this.#root = at.skip(2).address();
    this.#rows = at.u16();
    if (!(
      this.#width > 0 &&
      this.#startBytes > 0 &&
      this.#offsetBytes <= 8 &&
      this.#lengthBytes >= 0
    )) {
      invalid("a fractal heap has blocks without size");
    }
  }

  /** The object of the identifier at a place. */
  find(id: number): Place {
    const at = this.file.at(id);
    const first = at.u8();
    switch (first >> 4) {
      case 0:
        return this.#managed(at);
      case 1:
        return this.#hugePlace(at.length());
      case 2:
        return { at: id + 1, bytes: (first & 15) + 1 };
      default:
        return invalid("an object of a fractal heap has an unknown kind");
    }
  }

  #managed(id: Cursor): Place {
    let within = id.uint(this.#offsetBytes);
    const bytes = id.uint(this.#lengthBytes);
    let block = this.#root;
    let rows = this.#rows;
    // Each table is of fewer rows than the one around it.
    while (rows > 0) {
      if (block === undefined) invalid("a fractal heap lacks a block");
      const child = this.#child(block, rows, within);
      ({ block, within } = child);
      if (child.rows >= rows) invalid("a fractal heap contains itself");
      rows = child.rows;
    }
    if (block === undefined) invalid("a fractal heap lacks a block");
    this.file.check(block + within, bytes);
    return { at: block + within, bytes };
  }

  /** The block of a table that holds an offset. */
  #child(table: number, rows: number, within: number) {
    const rowBytes = this.#width * this.#startBytes;
    const row = within < rowBytes ? 0 : Math.floor(Math.log2(within / rowBytes)) + 1;
    if (row >= rows) invalid("an object of a fractal heap is beyond its end");
    const blockBytes = this.#startBytes * 2 ** Math.max(0, row - 1);
    const inRow = row === 0 ? within : within - rowBytes * 2 ** (row - 1);
    const column = Math.floor(inRow / blockBytes);
    const entry = (row * this.#width + column) * this.file.offsetBytes;
    const head = 5 + this.file.offsetBytes + this.#offsetBytes;
    const at = this.file
      .at(table)
      .expect("FHIB")
      .skip(head - 4 + entry);
    return {
      block: at.address(),
      within: inRow - column * blockBytes,
      rows: blockBytes > this.#maxDirectBytes ? Math.log2(blockBytes / rowBytes) + 1 : 0,
    };
  }

  #hugePlace(id: number): Place {
    this.#hugePlaces ??= this.#readHuge();
    return this.#hugePlaces.get(id) ?? invalid("a fractal heap lacks a large object");
  }

  #readHuge(): Map<number, Place> {
    const places = new Map<number, Place>();
    if (this.#huge === undefined) return places;
    for (const record of recordsOf(this.file, this.#huge, HUGE_RECORD).at) {
      const at = this.file.at(record);
      const place = { at: at.pointer("a large object"), bytes: at.length() };
      this.file.check(place.at, place.bytes);
      this.file.spend(ENTRY_STEPS);
      places.set(at.length(), place);
    }
    return places;
  }
}
