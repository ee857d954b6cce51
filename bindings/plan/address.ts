import { LmuError } from "../errors.js";

/** Memory beyond this is refused: wasm32 ends at 4 GB, and engines earlier. */
const MAX_BYTES = 2 ** 32 - 2 ** 20;

/**
 * Asked wherever bytes are added up, so that nothing is made for a size that no memory has.
 *
 * @throws LmuError model-too-large
 */
export function checkBytes(bytes: number): void {
  if (bytes <= MAX_BYTES) return;
  const message = `Cannot load the model: it needs more than ${MAX_BYTES} bytes of memory`;
  throw new LmuError("model-too-large", message);
}

/** Which part of memory an address counts from. */
export type Region = "program" | "weights" | "buffers";

/** A place in memory, before it is known where the regions begin. */
export class Address {
  constructor(
    readonly region: Region,
    readonly offset: number,
  ) {}

  /** The place this many bytes further. */
  plus(bytes: number): Address {
    return new Address(this.region, this.offset + bytes);
  }
}

/** One field of a record. */
export type Word = number | Address;
