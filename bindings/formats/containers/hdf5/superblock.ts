import { type Hdf5File, invalid, unsupported } from "./file.js";

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Whether a file is HDF5, from its first 8 bytes. */
export function isHdf5(start: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => start[i] === byte);
}

/** Reads the superblock and returns the address of the root group's header. */
export function readSuperblock(file: Hdf5File): number {
  if (!isHdf5(file.bytes)) invalid("it does not begin with the signature");
  const at = file.at(8);
  const version = at.version("the superblock", 0, 1, 2, 3);
  const isOld = version < 2;
  if (isOld) at.skip(4);
  file.offsetBytes = at.u8();
  file.lengthBytes = at.u8();
  for (const bytes of [file.offsetBytes, file.lengthBytes]) {
    if (![2, 4, 8].includes(bytes)) invalid(`addresses or lengths have ${bytes} bytes`);
  }
  at.skip(isOld ? 9 + 4 * version : 1);
  if (at.address() !== 0) unsupported("addresses do not count from the beginning of the file");
  at.address(); // free space, or the extension
  const end = at.address();
  if (end === undefined || end > file.bytes.length) {
    invalid(`it is cut off: ${file.bytes.length} of ${end} bytes are there`);
  }
  if (isOld) at.skip(file.offsetBytes + file.lengthBytes); // driver, name of the root
  return at.pointer("the root group");
}
