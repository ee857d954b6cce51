import type { inflateSync } from "fflate";
import { LmuError } from "../../errors.js";

/*
 * Zip archives as frameworks write them: the directory at the end is read here, because files stored without compression
 * can then stay views of the archive; fflate would copy them. Compressed ones are its business.
 * https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */

/** A file as the directory tells of it. */
interface Entry {
  readonly name: string;
  /** 0: stored, 8: deflated. */
  readonly method: number;
  /** First byte of its local header. */
  readonly at: number;
  readonly packedBytes: number;
  readonly bytes: number;
}

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const END_BYTES = 22;
const MAX_COMMENT = 65535;
/** Of an entry, without its name and what follows it. */
const ENTRY_BYTES = 46;
/** Says that the number stands in the 64-bit field. */
const ELSEWHERE = 0xffffffff;

/** Whether a file is a zip archive, from its first 4 bytes. */
export function isZip(start: Uint8Array): boolean {
  return start[0] === 0x50 && start[1] === 0x4b && start[2] === 3 && start[3] === 4;
}

/**
 * Files of a zip archive: views of it where they are stored without compression, as frameworks do. An archive that
 * claims to grow more than fourfold is refused before anything is unpacked.
 *
 * @param wants - which files to unpack
 * @throws LmuError format-invalid
 */
export async function unzip(
  bytes: Uint8Array,
  wants: (name: string) => boolean,
): Promise<Map<string, Uint8Array>> {
  const { inflateSync, strFromU8 } = await import("fflate");
  const files = new Map<string, Uint8Array>();
  let left = 4 * bytes.length + 65536;
  try {
    const archive = new Archive(bytes, strFromU8);
    for (const entry of archive.entries()) {
      if (!wants(entry.name)) continue;
      left -= entry.method === 0 ? entry.packedBytes : entry.bytes;
      if (left < 0) invalid(`${entry.name} would grow beyond four times the archive`);
      files.set(entry.name, archive.read(entry, inflateSync));
    }
    return files;
  } catch (cause) {
    if (cause instanceof LmuError) throw cause;
    throw new LmuError("format-invalid", "Cannot unpack: the file is no complete zip archive", {
      cause,
    });
  }
}

/** Names of the files of an archive; nothing is unpacked. */
export async function listZip(bytes: Uint8Array): Promise<string[]> {
  const names: string[] = [];
  await unzip(bytes, (name) => {
    names.push(name);
    return false;
  });
  return names;
}

/** Reads beyond the end throw RangeError. */
class Archive {
  readonly #view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly decode: (bytes: Uint8Array, isLatin1: boolean) => string,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  *entries(): Generator<Entry> {
    const directory = this.#directory();
    // A broken count must not keep the reader busy.
    if (directory.count * ENTRY_BYTES > this.bytes.length) invalid("its directory is broken");
    let { at } = directory;
    for (let i = 0; i < directory.count; i++) {
      const moreAt = at + ENTRY_BYTES + this.#u16(at + 28);
      const commentAt = moreAt + this.#u16(at + 30);
      yield this.#entry(at, moreAt, commentAt);
      at = commentAt + this.#u16(at + 32);
    }
  }

  read({ at, name, method, packedBytes, bytes }: Entry, inflate: typeof inflateSync): Uint8Array {
    const first = at + 30 + this.#u16(at + 26) + this.#u16(at + 28);
    if (first + packedBytes > this.bytes.length) invalid(`${name} ends beyond the archive`);
    const packed = this.bytes.subarray(first, first + packedBytes);
    if (method === 0) return packed;
    if (method !== 8) invalid(`${name} is compressed in another way than deflate`);
    return inflate(packed, { out: new Uint8Array(bytes) });
  }

  /** Where the directory begins and how many files it has. */
  #directory(): { at: number; count: number } {
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

  #entry(at: number, moreAt: number, end: number): Entry {
    const sizes = [24, 20, 42].map((field) => this.#u32(at + field));
    if (sizes.includes(ELSEWHERE)) this.#widen(sizes, moreAt, end);
    const isLatin1 = (this.#u16(at + 8) & 2048) === 0;
    const name = this.decode(this.bytes.subarray(at + ENTRY_BYTES, moreAt), isLatin1);
    const [bytes, packedBytes, first] = sizes as [number, number, number];
    return { name, method: this.#u16(at + 10), at: first, packedBytes, bytes };
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

function invalid(problem: string): never {
  throw new LmuError("format-invalid", `Cannot unpack the zip archive: ${problem}`);
}
