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
