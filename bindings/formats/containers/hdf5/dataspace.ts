import type { Cursor } from "./file.js";

const NULL = 2;

/** Lengths of an array's axes. */
export interface Dataspace {
  readonly shape: readonly number[];
  /** What the axes may grow to, Infinity where there is no end. */
  readonly most: readonly number[];
  /** It has no value, not even none in a list. */
  readonly isNull: boolean;
}

/** Reads a dataspace message. */
export function readDataspace(at: Cursor): Dataspace {
  const version = at.version("a dataspace", 1, 2);
  const rank = at.u8();
  const flags = at.u8();
  const isNull = version === 2 ? at.u8() === NULL : false;
  if (version === 1) at.skip(5);
  const lengths = () => Array.from({ length: rank }, () => at.length());
  const shape = lengths();
  const endless = 256 ** at.file.lengthBytes - 1;
  const most =
    flags & 1 ? lengths().map((length) => (length >= endless ? Infinity : length)) : shape;
  return { shape, most, isNull };
}

/** Elements of a shape: 0 where an axis has none, however long the others are. */
export function elementsOf(shape: readonly number[]): number {
  return shape.includes(0) ? 0 : shape.reduce((product, length) => product * length, 1);
}
