/** Divides the bits of a byte, lowest first, by the polynomial of zip, gzip and Ethernet. */
const POLYNOMIAL = 0xedb88320;

/** Remainders of byte b followed by k zero bytes, at [256 k + b]. Made when the first archive is read. */
let tables: Int32Array | undefined;

/**
 * CRC-32 of bytes, eight at a time: 490 MB/s in V8, where four at a time are 370, sixteen 460.
 * https://create.stephan-brumme.com/crc32/
 */
export function crc32(bytes: Uint8Array): number {
  const table = (tables ??= makeTables());
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let rest = -1;
  let i = 0;
  for (; i + 8 <= bytes.length; i += 8) {
    const low = view.getInt32(i, true) ^ rest;
    const high = view.getInt32(i + 4, true);
    rest =
      table[1792 + (low & 255)]! ^
      table[1536 + ((low >>> 8) & 255)]! ^
      table[1280 + ((low >>> 16) & 255)]! ^
      table[1024 + (low >>> 24)]! ^
      table[768 + (high & 255)]! ^
      table[512 + ((high >>> 8) & 255)]! ^
      table[256 + ((high >>> 16) & 255)]! ^
      table[high >>> 24]!;
  }
  for (; i < bytes.length; i++) rest = table[(rest ^ bytes[i]!) & 255]! ^ (rest >>> 8);
  return ~rest >>> 0;
}

function makeTables(): Int32Array {
  const table = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let rest = byte;
    for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (rest & 1 ? POLYNOMIAL : 0);
    table[byte] = rest;
  }
  for (let i = 256; i < table.length; i++) {
    const before = table[i - 256]!;
    table[i] = table[before & 255]! ^ (before >>> 8);
  }
  return table;
}
