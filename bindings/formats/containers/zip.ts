import { brief, LmuError } from "../../errors.js";
import { Budget } from "../../source/budget.js";
import { allocate } from "../../source/gather.js";
import { crc32 } from "./crc.js";
import { type Inflate, inflateInto, MOST_INFLATED } from "./deflate.js";
import { invalid, readDirectory, type ZipEntry } from "./zip-directory.js";

/*
 * Zip archives as frameworks write them. Files stored without compression stay views of the archive, which fflate would
 * copy; compressed ones are its business.
 */

/** Whether a file is a zip archive, from its first 4 bytes. */
export function isZip(start: Uint8Array): boolean {
  return start[0] === 0x50 && start[1] === 0x4b && start[2] === 3 && start[3] === 4;
}

/** A zip archive whose directory has been read. */
export interface ZipArchive {
  /** Of its files, in the order of the directory. */
  readonly names: readonly string[];
  /**
   * Files of the archive, checked: views of it where they are stored without compression, as frameworks do. Nothing is
   * inflated beyond what the directory says and the budget has.
   *
   * @param wants - which files to unpack
   * @param budget - of bytes in memory
   * @throws LmuError format-invalid, source-too-large
   */
  unpack(wants: (name: string) => boolean, budget?: Budget): Map<string, Uint8Array>;
}

/**
 * Reads the directory of a zip archive; nothing is unpacked.
 *
 * @throws LmuError format-invalid
 */
export async function openZip(bytes: Uint8Array): Promise<ZipArchive> {
  const { Inflate, strFromU8 } = await import("fflate");
  const entries = complete(() => readDirectory(bytes, strFromU8));
  return {
    names: entries.map(({ name }) => name),
    unpack: (wants, budget = new Budget()) => {
      const wanted = entries.filter(({ name }) => wants(name));
      return complete(
        () => new Map(wanted.map((entry) => [entry.name, unpack(entry, budget, Inflate)])),
      );
    },
  };
}

/** What reading an archive gives; reading beyond its end, or deflate of other bytes, is the archive's fault. */
function complete<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof LmuError) throw cause;
    const message = "Cannot unpack: the file is no complete zip archive";
    throw new LmuError("format-invalid", message, { cause });
  }
}

function unpack(entry: ZipEntry, budget: Budget, inflate: Inflate): Uint8Array {
  const { method, packed, bytes, crc, isEncrypted } = entry;
  const name = brief(entry.name);
  if (isEncrypted) invalid(`${name} is encrypted`);
  if (method !== 0 && method !== 8) invalid(`${name} is compressed in another way than deflate`);
  const most = method === 0 ? packed.length : MOST_INFLATED * packed.length;
  if (bytes > most) {
    invalid(`${name} has ${packed.length} bytes, too few for the ${bytes} that it claims`);
  }
  if (method === 0 && bytes < packed.length) differs(name, packed.length, bytes);
  const file = method === 0 ? packed : allocate(bytes, budget);
  if (method === 8) {
    const length = inflateInto(packed, file, inflate);
    if (length !== bytes) differs(name, length > bytes ? "more" : length, bytes);
  }
  if (crc32(file) !== crc) invalid(`${name} is damaged: its CRC-32 is not the one written with it`);
  return file;
}

function differs(name: string, got: number | string, claimed: number): never {
  invalid(`${name} has ${got} bytes, expected the ${claimed} that it claims`);
}
