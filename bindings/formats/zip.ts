import { LmuError } from "../errors.js";

/** Whether a file is a zip archive, from its first 4 bytes. */
export function isZip(start: Uint8Array): boolean {
  return start[0] === 0x50 && start[1] === 0x4b && start[2] === 3 && start[3] === 4;
}

/**
 * Files of a zip archive, by way of fflate. Frameworks store without compression; an archive that claims to grow more
 * than fourfold is refused before anything is unpacked.
 *
 * @param wants - which files to unpack
 * @throws LmuError format-invalid
 */
export async function unzip(
  bytes: Uint8Array,
  wants: (name: string) => boolean,
): Promise<Map<string, Uint8Array>> {
  const { unzipSync } = await import("fflate");
  let left = 4 * bytes.length + 65536;
  let entries = 0;
  try {
    const files = unzipSync(bytes, {
      filter: ({ name, size, originalSize, compression }) => {
        // A directory entry takes 46 bytes; a broken count of them must not keep the reader busy.
        if (++entries * 46 > bytes.length) invalid("its directory is broken");
        if (!wants(name)) return false;
        left -= compression === 0 ? size : originalSize;
        if (left < 0) invalid(`${name} would grow beyond four times the archive`);
        return true;
      },
    });
    return new Map(Object.entries(files));
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

function invalid(problem: string): never {
  throw new LmuError("format-invalid", `Cannot unpack the zip archive: ${problem}`);
}
