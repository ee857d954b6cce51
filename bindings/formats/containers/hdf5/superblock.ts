import { type Hdf5File, invalid } from "./file.js";

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Places of the superblock: behind a block of the user's, if any, which may have these sizes. Larger ones are not looked for. */
const PLACES = [0, 512, 1024, 2048];
/** First bytes of a file that hold its signature. */
export const HDF5_START_BYTES = 2048 + SIGNATURE.length;

function startOf(bytes: Uint8Array): number | undefined {
  return PLACES.find((at) => SIGNATURE.every((byte, i) => bytes[at + i] === byte));
}

/** Whether a file is HDF5, from its first bytes. */
export function isHdf5(start: Uint8Array): boolean {
  return startOf(start) !== undefined;
}

/** The file without a block of the user's in front, from which its addresses count. */
export function withoutUserBlock(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(startOf(bytes) ?? invalid("it does not begin with the signature"));
}

/** Reads the superblock and returns the address of the root group's header. */
export function readSuperblock(file: Hdf5File): number {
  const at = file.at(SIGNATURE.length);
  const version = at.version("the superblock", 0, 1, 2, 3);
  const isOld = version < 2;
  if (isOld) at.skip(4);
  file.offsetBytes = at.u8();
  file.lengthBytes = at.u8();
  for (const bytes of [file.offsetBytes, file.lengthBytes]) {
    if (![2, 4, 8].includes(bytes)) invalid(`addresses or lengths have ${bytes} bytes`);
  }
  at.skip(isOld ? 9 + 4 * version : 1);
  // Where the superblock stood when it was written; HDF5 itself goes by where it stands now.
  const base = at.pointer("the superblock");
  at.address(); // free space, or the extension
  const end = at.address();
  if (end === undefined || end - base > file.bytes.length) {
    invalid(`it is cut off: ${file.bytes.length} of ${end! - base} bytes are there`);
  }
  if (isOld) at.skip(file.offsetBytes + file.lengthBytes); // driver, name of the root
  return at.pointer("the root group");
}
