/** A place in memory, before it is known where the regions begin: bytes in a part of it. */
export interface Address {
  readonly region: "program" | "weights" | "buffers" | "scratch" | "rounded";
  readonly offset: number;
}

/** The place this many bytes further. */
export function plus({ region, offset }: Address, bytes: number): Address {
  return { region, offset: offset + bytes };
}

/** One field of a record. */
export type Word = number | Address;
