import { ENTRY_STEPS, type Hdf5File, invalid } from "./file.js";

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
    const headBytes = 8 + file.lengthBytes;
    while (at.at + headBytes <= end) {
      const index = at.u16();
      const bytes = at.skip(6).length();
      if (index === 0) break; // the rest is free
      file.check(at.at, bytes);
      file.spend(ENTRY_STEPS);
      places.set(index, { at: at.at, bytes });
      at.skip(Math.ceil(bytes / 8) * 8);
    }
    return places;
  }
}
