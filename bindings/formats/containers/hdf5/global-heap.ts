import { ENTRY_STEPS, type Hdf5File, invalid } from "./file.js";

/** Of a collection and of an object, whatever the bytes of a length. */
const HEAD_BYTES = 16;

interface Place {
  readonly at: number;
  readonly bytes: number;
}

/** Texts of variable length; each collection's directory is read once. */
export class GlobalHeap {
  readonly #collections = new Map<number, Map<number, Place>>();

  constructor(private readonly file: Hdf5File) {}

  /** The text that stands at a place as length, collection and number. */
  text(from: number): string {
    const at = this.file.at(from);
    const bytes = at.u32();
    const address = at.address();
    const index = at.u32();
    if (bytes === 0 || address === undefined) return "";
    const place = this.#collection(address).get(index);
    if (!place || place.bytes < bytes)
      invalid("a text of variable length is not where it should be");
    return this.file.at(place.at).text(bytes);
  }

  #collection(address: number): Map<number, Place> {
    let places = this.#collections.get(address);
    if (!places) this.#collections.set(address, (places = this.#read(address)));
    return places;
  }

  #read(address: number): Map<number, Place> {
    const places = new Map<number, Place>();
    const { file } = this;
    const at = file.at(address).expect("GCOL");
    at.version("a global heap", 1);
    const end = address + at.skip(3).length();
    file.check(address, end - address);
    let next = address + HEAD_BYTES;
    while (next + HEAD_BYTES <= end) {
      const object = file.at(next);
      const index = object.u16();
      const bytes = object.skip(6).length();
      if (index === 0) break; // the rest is free
      next += HEAD_BYTES;
      file.check(next, bytes);
      file.spend(ENTRY_STEPS);
      places.set(index, { at: next, bytes });
      next += Math.ceil(bytes / 8) * 8;
    }
    return places;
  }
}
