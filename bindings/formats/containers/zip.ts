import type { Inflate } from "fflate";
import { brief, LmuError } from "../../errors.js";
import { Budget } from "../../source/budget.js";
import { crc32 } from "./crc.js";
import { invalid, readDirectory, type ZipEntry } from "./zip-directory.js";

/*
 * Zip archives as frameworks write them. Files stored without compression stay views of the archive, which fflate would
 * copy; compressed ones are its business.
 */

/** Deflate makes no byte of less than a 1032nd: 258 bytes of two bits each. */
const MOST_INFLATED = 1032;

/** Compressed bytes inflated at a time: what a file has beyond its claim is seen within a 1032-fold of it, 8 MB. */
const PORTION = 8192;

/** Whether a file is a zip archive, from its first 4 bytes. */
export function isZip(start: Uint8Array): boolean {
  return start[0] === 0x50 && start[1] === 0x4b && start[2] === 3 && start[3] === 4;
}

/**
 * Files of a zip archive, checked: views of it where they are stored without compression, as frameworks do. Nothing is
 * inflated beyond what the directory says and the budget has.
 *
 * @param wants - which files to unpack
 * @param budget - of bytes in memory
 * @throws LmuError format-invalid, source-too-large
 */
export async function unzip(
  bytes: Uint8Array,
  wants: (name: string) => boolean,
  budget: Budget = new Budget(),
): Promise<Map<string, Uint8Array>> {
  const { Inflate, strFromU8 } = await import("fflate");
  const files = new Map<string, Uint8Array>();
  try {
    for (const entry of readDirectory(bytes, strFromU8)) {
      if (wants(entry.name)) files.set(entry.name, unpack(entry, budget, Inflate));
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

function unpack(entry: ZipEntry, budget: Budget, inflater: typeof Inflate): Uint8Array {
  const { method, packed, bytes, crc, isEncrypted } = entry;
  const name = brief(entry.name);
  if (isEncrypted) invalid(`${name} is encrypted`);
  if (method !== 0 && method !== 8) invalid(`${name} is compressed in another way than deflate`);
  const most = method === 0 ? packed.length : MOST_INFLATED * packed.length;
  if (bytes > most) {
    invalid(`${name} has ${packed.length} bytes, too few for the ${bytes} that it claims`);
  }
  if (method === 0 && bytes < packed.length) differs(name, packed.length, bytes);
  const file = method === 0 ? packed : budget.allocate(bytes);
  if (method === 8) inflate(name, packed, file, inflater);
  if (crc32(file) !== crc) invalid(`${name} is damaged: its CRC-32 is not the one written with it`);
  return file;
}

/** Fills a file with what compressed bytes inflate to, which must be neither less nor more. */
function inflate(
  name: string,
  packed: Uint8Array,
  file: Uint8Array,
  inflater: typeof Inflate,
): void {
  let length = 0;
  const stream = new inflater((piece) => {
    if (length + piece.length > file.length) differs(name, "more", file.length);
    file.set(piece, length);
    length += piece.length;
  });
  for (let at = 0; at < packed.length; at += PORTION) {
    stream.push(packed.subarray(at, at + PORTION), at + PORTION >= packed.length);
  }
  if (length < file.length) differs(name, length, file.length);
}

function differs(name: string, got: number | string, claimed: number): never {
  invalid(`${name} has ${got} bytes, expected the ${claimed} that it claims`);
}
