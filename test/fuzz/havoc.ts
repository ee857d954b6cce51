import { type Random } from "../support/random.js";

/** Words of the formats, which random bytes would not hit upon. */
const TOKENS = [
  // HDF5
  ...["TREE", "SNOD", "GCOL", "OHDR", "OCHK", "HEAP", "FRHP", "FHDB", "BTHD", "BTLF", "FADB"],
  // zip, npy
  ...[
    "PK\x01\x02",
    "PK\x05\x06",
    "PK\x03\x04",
    "PK\x06\x06",
    "\x93NUMPY",
    "'shape': (",
    "<f8",
    ">f4",
  ],
  // pickle
  ...[
    "ctorch._utils\n_rebuild_tensor_v2\n",
    "\x80\x02",
    "}q\x00",
    "(lp0",
    "\x8c\x01a",
    "R",
    "b",
    "Q",
    "Bx",
  ],
  // JSON, safetensors
  ...[
    "null",
    "true",
    "1e309",
    "-1",
    "4294967296",
    "9007199254740993",
    "[]",
    "{}",
    "[[",
    "__proto__",
  ],
  ...['"theta":', '"order":', '"from":["input"]', "F64", "BF16", "I8", ":scale"],
];

const LIES = [
  ...[0, 1, 2, 3, 7, 8, 15, 16, 31, 32, 63, 64, 100, 127, 128, 255, 256, 512, 1000, 1024, 4096],
  ...[32767, 32768, 65535, 65536, 0x7fffffff, 0x80000000, 0xffffffff],
];

type Way = (bytes: Buffer, random: Random, other: Uint8Array) => Buffer;

const token = (random: Random) => Buffer.from(TOKENS[random.integer(TOKENS.length)]!, "latin1");

/** Changes that know nothing of formats but their words. */
const WAYS: readonly Way[] = [
  number,
  number,
  number,
  address,
  address,
  (bytes, random) => {
    bytes[random.integer(bytes.length)]! ^= 1 << random.integer(8);
    return bytes;
  },
  (bytes, random) => {
    token(random).copy(bytes, random.integer(bytes.length));
    return bytes;
  },
  // A part copied over another.
  (bytes, random) => {
    const length = random.integer(Math.min(128, bytes.length));
    const from = random.integer(bytes.length - length);
    return bytes.copyWithin(random.integer(bytes.length - length), from, from + length);
  },
  // A part left out.
  (bytes, random) => {
    const at = random.integer(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random.integer(64))]);
  },
  // Something put in.
  (bytes, random) => {
    const at = random.integer(bytes.length);
    const filler = Buffer.alloc(random.integer(64), random.integer(256));
    const inserted = random.next() < 0.5 ? token(random) : filler;
    return Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at)]);
  },
  // Another digit in a text.
  (bytes, random) => {
    for (let tries = 0; tries < 50; tries++) {
      const at = random.integer(bytes.length);
      if (bytes[at]! < 0x30 || bytes[at]! > 0x39) continue;
      bytes[at] = 0x30 + random.integer(10);
      break;
    }
    return bytes;
  },
  // A part of another file.
  (bytes, random, other) => {
    const length = random.integer(Math.min(512, other.length));
    const from = random.integer(other.length - length + 1);
    Buffer.from(other.buffer, other.byteOffset + from, length).copy(
      bytes,
      random.integer(bytes.length),
    );
    return bytes;
  },
  // Truncated.
  (bytes, random) =>
    random.next() < 0.2 ? bytes.subarray(0, random.integer(bytes.length)) : bytes,
];

/** A copy with one to eight changes. */
export function havoc(original: Uint8Array, random: Random, other: Uint8Array): Buffer {
  let bytes: Buffer = Buffer.from(original);
  for (let count = 1 << random.integer(4); count > 0 && bytes.length > 16; count--) {
    bytes = WAYS[random.integer(WAYS.length)]!(bytes, random, other);
  }
  return bytes;
}

/** A number of one to eight bytes becomes a lie, or a little more or less. */
function number(bytes: Buffer, random: Random): Buffer {
  const size = 1 << random.integer(4);
  const end = random.next() < 0.4 ? Math.min(bytes.length, 2048) : bytes.length;
  const at = random.integer(end - size);
  const bits = BigInt(size * 8);
  let value = 0n;
  for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[at + i]!);
  value =
    random.next() < 0.5
      ? value + BigInt(random.integer(71) - 35)
      : BigInt(LIES[random.integer(LIES.length)]!);
  value = BigInt.asUintN(Number(bits), value);
  for (let i = 0; i < size; i++) bytes[at + i] = Number((value >> BigInt(8 * i)) & 0xffn);
  return bytes;
}

/** An eight-byte number that may be an address within the file, as HDF5's are, becomes another such. */
function address(bytes: Buffer, random: Random): Buffer {
  if (bytes.length < 64) return bytes;
  const places: number[] = [];
  const first = random.integer(bytes.length >> 3) << 3;
  for (let at = first; at + 8 <= bytes.length && places.length < 8; at += 8) {
    const isHigh = bytes.readUInt32LE(at + 4) !== 0;
    if (!isHigh && bytes.readUInt32LE(at) > 0 && bytes.readUInt32LE(at) < bytes.length)
      places.push(at);
  }
  if (!places.length) return bytes;
  const [from, to] = [0, 1].map(() => places[random.integer(places.length)]!) as [number, number];
  const value = random.next() < 0.5 ? bytes.readUInt32LE(from) : random.integer(bytes.length);
  bytes.writeUInt32LE(value, to);
  return bytes;
}
