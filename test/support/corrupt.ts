import { Random } from "./random.js";

/** Numbers that lie about sizes and offsets. */
const LIES = [0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0xffffffff];

/** Ways a file can be broken, by name. */
const WAYS: readonly ((bytes: Uint8Array, random: Random) => Uint8Array)[] = [
  // Truncated.
  (bytes, random) => bytes.slice(0, random.integer(bytes.length)),
  // A few flipped bits anywhere.
  (bytes, random) => {
    const copy = bytes.slice();
    for (let i = 1 + random.integer(8); i > 0; i--) {
      copy[random.integer(copy.length)]! ^= 1 << random.integer(8);
    }
    return copy;
  },
  // A few flipped bits near the beginning, where headers are.
  (bytes, random) => {
    const copy = bytes.slice();
    const head = Math.min(copy.length, 2048);
    for (let i = 1 + random.integer(4); i > 0; i--) {
      copy[random.integer(head)]! ^= 1 << random.integer(8);
    }
    return copy;
  },
  // A lying size.
  (bytes, random) => {
    const copy = bytes.slice();
    const at = random.integer(Math.max(1, copy.length - 8));
    const view = new DataView(copy.buffer);
    view.setUint32(at, LIES[random.integer(LIES.length)]!, true);
    if (random.next() < 0.5) view.setUint32(at + 4, LIES[random.integer(LIES.length)]!, true);
    return copy;
  },
  // Another digit in a text: shapes, offsets, types, options.
  (bytes, random) => {
    const copy = bytes.slice();
    for (let tries = 0; tries < 200; tries++) {
      const at = random.integer(copy.length);
      if (copy[at]! >= 0x30 && copy[at]! <= 0x39) {
        copy[at] = 0x30 + random.integer(10);
        break;
      }
    }
    return copy;
  },
  // A part repeated elsewhere.
  (bytes, random) => {
    const copy = bytes.slice();
    const length = random.integer(Math.min(256, copy.length));
    const from = random.integer(copy.length - length);
    copy.copyWithin(random.integer(copy.length - length), from, from + length);
    return copy;
  },
  // Longer than it should be.
  (bytes, random) => {
    const longer = new Uint8Array(bytes.length + 1 + random.integer(64));
    longer.set(bytes);
    return longer;
  },
];

/** The seed-th corruption of a file. */
export function corrupt(bytes: Uint8Array, seed: number): Uint8Array {
  return WAYS[seed % WAYS.length]!(bytes, new Random(seed));
}
