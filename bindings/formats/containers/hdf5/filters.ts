import { type Inflate, inflateInto, MOST_INFLATED } from "../deflate.js";
import { type Cursor, type Hdf5File, invalid, unsupported } from "./file.js";

const DEFLATE = 1;
const SHUFFLE = 2;
const FLETCHER_32 = 3;

/** Filters that this reader lacks, by their registered numbers. */
const NAMES: Readonly<Record<number, string>> = {
  4: "szip",
  5: "n-bit",
  6: "scale-offset",
  32000: "lzf",
  32001: "blosc",
  32004: "lz4",
  32008: "bitshuffle",
  32013: "zfp",
  32015: "zstd",
  32026: "blosc2",
};

/** Steps of preparing to inflate: fflate allocates 200 KB. */
const INFLATE_STEPS = 8192;
const CHECKSUM_BYTES = 4;
/** As many as a mask has bits. */
const MAX_FILTERS = 32;

/** One step of how chunks were packed. */
export interface Filter {
  readonly id: number;
  /** Bytes of an element, for shuffle. */
  readonly elementBytes: number;
}

/** Reads a filter message. */
export function readFilters(at: Cursor, path: string): Filter[] {
  const version = at.version("filters", 1, 2);
  const count = at.u8();
  if (count > MAX_FILTERS) invalid(`dataset ${path} went through ${count} filters`);
  if (version === 1) at.skip(6);
  return Array.from({ length: count }, () => {
    const id = at.u16();
    const nameBytes = version === 1 || id >= 256 ? at.u16() : 0;
    at.skip(2); // flags
    const values = at.u16();
    at.skip(version === 1 ? Math.ceil(nameBytes / 8) * 8 : nameBytes);
    const elementBytes = values > 0 ? at.u32() : 1;
    at.skip(4 * Math.max(0, values - 1) + (version === 1 ? 4 * (values % 2) : 0));
    if (![DEFLATE, SHUFFLE, FLETCHER_32].includes(id)) {
      const name = NAMES[id] ?? `number ${id}`;
      unsupported(
        `dataset ${path} went through filter ${name}, expected deflate, shuffle or fletcher32`,
      );
    }
    return { id, elementBytes };
  });
}

/** A chunk's bytes as they were before its filters; at most so many. */
export function unfilter(
  file: Hdf5File,
  packed: Uint8Array,
  mask: number,
  filters: readonly Filter[],
  bytes: number,
  inflate: () => Inflate,
): Uint8Array {
  let chunk = packed;
  // Checksums of what is still packed make it a little longer.
  const most = bytes + CHECKSUM_BYTES * filters.length;
  for (let i = filters.length - 1; i >= 0; i--) {
    const { id, elementBytes } = filters[i]!;
    if ((mask >>> i) & 1) continue;
    file.spend(chunk.length);
    if (id === DEFLATE) chunk = inflated(file, chunk, most, inflate());
    else if (id === SHUFFLE) chunk = unshuffled(file, chunk, elementBytes);
    else chunk = checked(chunk);
  }
  return chunk;
}

/** Unpacks zlib data of at most so many bytes. */
function inflated(file: Hdf5File, packed: Uint8Array, most: number, Inflate: Inflate): Uint8Array {
  file.spend(INFLATE_STEPS);
  const head = (packed[0]! << 8) | packed[1]!;
  if (packed.length < 6 || head % 31 !== 0 || (head & 0x0f20) !== 0x0800)
    invalid("a chunk is no zlib data");
  const end = packed.length - CHECKSUM_BYTES;
  const room = file.scratch(Math.min(most, MOST_INFLATED * packed.length));
  let length: number;
  try {
    length = inflateInto(packed.subarray(2, end), room, Inflate);
  } catch {
    invalid("a chunk is no deflated data");
  }
  if (length > room.length) invalid("a chunk grows beyond what it should hold");
  const chunk = room.subarray(0, length);
  const [a, b, c, d] = packed.subarray(end) as unknown as [number, number, number, number];
  if (adler32(chunk) !== ((a << 24) | (b << 16) | (c << 8) | d) >>> 0) {
    invalid("a chunk has another checksum than was written");
  }
  return chunk;
}

function adler32(bytes: Uint8Array): number {
  let [a, b] = [1, 0];
  for (let at = 0; at < bytes.length;) {
    // So many additions stay below 2^32.
    for (const end = Math.min(bytes.length, at + 3800); at < end; at++) b += a += bytes[at]!;
    a %= 65521;
    b %= 65521;
  }
  return b * 65536 + a;
}

/** Bytes of each element side by side again: all first bytes came first, then all second ones. */
function unshuffled(file: Hdf5File, shuffled: Uint8Array, elementBytes: number): Uint8Array {
  const count = Math.floor(shuffled.length / elementBytes);
  if (elementBytes <= 1 || count <= 1) return shuffled;
  file.spend(shuffled.length);
  const bytes = shuffled.slice(); // what is left over stays at the end
  for (let k = 0; k < elementBytes; k++) {
    for (let i = 0, from = k * count; i < count; i++)
      bytes[i * elementBytes + k] = shuffled[from + i]!;
  }
  return bytes;
}

/** The bytes before their Fletcher checksum. */
function checked(bytes: Uint8Array): Uint8Array {
  const end = bytes.length - CHECKSUM_BYTES;
  if (end < 0) invalid("a chunk has no checksum");
  const chunk = bytes.subarray(0, end);
  const stated = new DataView(bytes.buffer, bytes.byteOffset + end);
  const [a, b] = fletcher32(chunk);
  // Sums that are multiples of 65535 are written as 0 or as 65535.
  if (stated.getUint16(0, true) % 65535 !== a || stated.getUint16(2, true) % 65535 !== b) {
    invalid("a chunk has another checksum than was written");
  }
  return chunk;
}

/** Over 16-bit words, high byte first, a last single byte as the high one. */
function fletcher32(bytes: Uint8Array): [number, number] {
  let [a, b] = [0, 0];
  for (let i = 0; i < bytes.length; i += 2) {
    a = (a + ((bytes[i]! << 8) | (bytes[i + 1] ?? 0))) % 65535;
    b = (b + a) % 65535;
  }
  return [a, b];
}
