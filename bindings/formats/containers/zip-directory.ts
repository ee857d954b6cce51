import { brief, LmuError } from "../../errors.js";

/*
 * The directory of a zip archive, read and checked: no two files share a byte, and what stands before each file says the
 * same as the directory. Archives that disagree with themselves are read differently by different programs.
 * https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */

/** A file of an archive. */
export interface ZipEntry {
  readonly name: string;
  /** 0: stored, 8: deflated. */
  readonly method: number;
  readonly isEncrypted: boolean;
  readonly crc: number;
  /** Its bytes in the archive, as they are stored there. */
  readonly packed: Uint8Array;
  /** Bytes that it claims to have, unpacked. */
  readonly bytes: number;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const MAX_COMMENT = 65535;
/** Bytes of headers, without names and what follows them. */
const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;
/** Says that the number stands in the 64-bit field. */
const ELSEWHERE = 0xffffffff;

const IS_UTF8 = 1 << 11;
/** Encrypted; strongly; with the directory itself encrypted. */
const IS_ENCRYPTED = 1 | (1 << 6) | (1 << 13);

/**
 * The files of an archive, in the order of its directory.
 *
 * @param decode - text of bytes that are latin1, or else UTF-8
 * @throws LmuError format-invalid; RangeError where the archive ends too early
 */
export function readDirectory(
  bytes: Uint8Array,
  decode: (bytes: Uint8Array, isLatin1: boolean) => string,
): ZipEntry[] {
  return new Directory(bytes, decode).read();
}

/** Throws that an archive is broken. */
export function invalid(problem: string): never {
  throw new LmuError("format-invalid", `Cannot unpack the zip archive: ${problem}`);
}

/** Stretches of an archive that share bytes would let a small file inflate for hours. */
function refuseOverlaps(taken: [begin: number, end: number, what: string][]): void {
  taken.sort(([a], [b]) => a - b);
  for (let i = 1; i < taken.length; i++) {
    const [before, after] = [taken[i - 1]!, taken[i]!];
    if (after[0] < before[1]) invalid(`${brief(after[2])} begins within ${brief(before[2])}`);
  }
}

/** Reads beyond the end throw RangeError. */
class Directory {
  readonly #view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly decode: (bytes: Uint8Array, isLatin1: boolean) => string,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  read(): ZipEntry[] {
    const directory = this.#find();
    // A broken count must not keep the reader busy.
    if (directory.count * CENTRAL_BYTES > this.bytes.length) invalid("its directory is broken");
    const entries = new Map<string, ZipEntry>();
    const taken: [begin: number, end: number, what: string][] = [];
    let { at } = directory;
    for (let i = 0; i < directory.count; i++) {
      if (this.#u32(at) !== CENTRAL) invalid("its directory is broken");
      const moreAt = at + CENTRAL_BYTES + this.#u16(at + 28);
      const commentAt = moreAt + this.#u16(at + 30);
      const { entry, begin, end } = this.#entry(at, moreAt, commentAt);
      if (entries.has(entry.name)) invalid(`${brief(entry.name)} is there twice`);
      entries.set(entry.name, entry);
      taken.push([begin, end, entry.name]);
      at = commentAt + this.#u16(at + 32);
    }
    refuseOverlaps([...taken, [directory.at, at, "the directory"]]);
    return [...entries.values()];
  }

  /** Where the directory begins and how many files it has. */
  #find(): { at: number; count: number } {
    const last = this.bytes.length - END_BYTES;
    let end = last;
    while (this.#u32(end) !== END) {
      if (--end < Math.max(0, last - MAX_COMMENT))
        invalid("it has no directory, or ends before it");
    }
    if (end >= 20 && this.#u32(end - 20) === LOCATOR_64) {
      const end64 = this.#u64(end - 12);
      if (this.#u32(end64) === END_64) {
        return { at: this.#u64(end64 + 48), count: this.#u64(end64 + 32) };
      }
    }
    return { at: this.#u32(end + 16), count: this.#u16(end + 10) };
  }

  /** A file whose directory entry stands at an address, and the bytes it takes of the archive. */
  #entry(at: number, moreAt: number, end: number): { entry: ZipEntry; begin: number; end: number } {
    const sizes = [24, 20, 42].map((field) => this.#u32(at + field));
    if (sizes.includes(ELSEWHERE)) this.#widen(sizes, moreAt, end);
    const [bytes, packedBytes, begin] = sizes as [number, number, number];
    const flags = this.#u16(at + 8);
    const nameBytes = this.bytes.subarray(at + CENTRAL_BYTES, moreAt);
    const name = this.decode(nameBytes, (flags & IS_UTF8) === 0);
    const method = this.#u16(at + 10);
    const first = this.#checkLocal(begin, name, nameBytes, method, flags);
    const last = first + packedBytes;
    if (last > this.bytes.length) invalid(`${brief(name)} ends beyond the archive`);
    const packed = this.bytes.subarray(first, last);
    const isEncrypted = (flags & IS_ENCRYPTED) !== 0;
    const entry = { name, method, isEncrypted, crc: this.#u32(at + 16), packed, bytes };
    return { entry, begin, end: last };
  }

  /** The header in front of a file must be the one of which the directory speaks. Returns where the file begins. */
  #checkLocal(
    at: number,
    name: string,
    nameBytes: Uint8Array,
    method: number,
    flags: number,
  ): number {
    if (this.#u32(at) !== LOCAL) invalid(`${brief(name)} has no header of its own`);
    const nameAt = at + LOCAL_BYTES;
    const isSame =
      this.#u16(at + 26) === nameBytes.length &&
      this.#stands(nameBytes, nameAt) &&
      this.#u16(at + 8) === method &&
      (this.#u16(at + 6) & IS_ENCRYPTED) === (flags & IS_ENCRYPTED);
    if (!isSame) invalid(`the directory and the header of ${brief(name)} contradict each other`);
    return nameAt + nameBytes.length + this.#u16(at + 28);
  }

  #stands(name: Uint8Array, at: number): boolean {
    for (let i = 0; i < name.length; i++) if (name[i] !== this.bytes[at + i]) return false;
    return true;
  }

  /** Replaces the numbers that do not fit 32 bits by those of field 1, which stand there in the same order. */
  #widen(sizes: number[], moreAt: number, end: number): void {
    let field = moreAt;
    while (field + 4 <= end && this.#u16(field) !== 1) field += 4 + this.#u16(field + 2);
    let at = field + 4;
    for (const [i, size] of sizes.entries()) {
      if (size !== ELSEWHERE) continue;
      sizes[i] = this.#u64(at);
      at += 8;
    }
  }

  #u16(at: number): number {
    return this.#view.getUint16(at, true);
  }

  #u32(at: number): number {
    return this.#view.getUint32(at, true);
  }

  #u64(at: number): number {
    return this.#u32(at) + this.#u32(at + 4) * 2 ** 32;
  }
}
