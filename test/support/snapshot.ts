import { fromHalf } from "../../bindings/tensor.js";

/*
 * Snapshots as docs/snapshots.md has them, written from that page alone.
 */

/** The words of a checksum: two chains over the 32-bit words before it. */
function checksum(view: DataView): [number, number] {
  let [a, b] = [0x9e3779b9, 0x3c6ef372];
  for (let at = 0; at < view.byteLength - 8; at += 4) {
    const word = view.getUint32(at, true);
    a = Math.imul(a ^ word, 0x7feb352d) >>> 0;
    a = (a ^ (a >>> 15)) >>> 0;
    b = Math.imul(b ^ word, 0x846ca68b) >>> 0;
    b = (b ^ (b >>> 13)) >>> 0;
  }
  return [a, b];
}

/** A copy, changed, with the checksum that it should have then: what somebody makes who has read the page. */
export function forged(bytes: Uint8Array, change: (view: DataView) => void): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  change(view);
  checksum(view).forEach((word, i) => view.setUint32(copy.length - 8 + 4 * i, word, true));
  return copy;
}

/** The numbers of fields of f32, of the given lengths, as a snapshot holds them. */
export function numbersOf(bytes: Uint8Array, lengths: readonly number[]): number[][] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const dtype = view.getUint8(5);
  let at = 24;
  return lengths.map((length) => {
    const block = [Infinity, length, 16][dtype]!;
    const first = at;
    at += dtype === 0 ? 0 : 4 * Math.ceil(length / block);
    const numbers = Array.from({ length }, (_, i) => {
      const scale = dtype === 0 ? 1 : view.getFloat32(first + 4 * Math.floor(i / block), true);
      if (dtype === 0) return view.getFloat32(at + 4 * i, true);
      const stored =
        dtype === 1 ? fromHalf(view.getUint16(at + 2 * i, true)) : view.getInt8(at + i);
      return Math.fround(stored * scale);
    });
    at = Math.ceil((at + length * [4, 2, 1][dtype]!) / 4) * 4;
    return numbers;
  });
}
