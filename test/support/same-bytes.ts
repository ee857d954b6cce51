import { expect } from "vitest";

/*
 * Typed arrays of equal bytes are equal, and vitest need not look at them number by number, which takes it 4 µs each. What
 * differs it compares and prints as ever.
 */

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  Buffer.from(buffer, byteOffset, byteLength);

expect.addEqualityTesters([
  (a, b) =>
    ArrayBuffer.isView(a) && ArrayBuffer.isView(b) && a.constructor === b.constructor
      ? bytesOf(a).equals(bytesOf(b)) || undefined
      : undefined,
]);
