import { crc32 } from "node:zlib";

/** A file of an archive, and the lies that its headers tell. */
export interface ZipFile {
  readonly name: string;
  /** As it stands in the archive. */
  readonly packed: Uint8Array;
  /** Unpacked; without it as packed. */
  readonly content?: Uint8Array;
  readonly method?: number;
  readonly flags?: number;
  readonly crc?: number;
  /** Bytes that it claims to have, unpacked. */
  readonly bytes?: number;
  /** What the header in front of the file says instead. */
  readonly local?: { readonly name?: string; readonly method?: number };
  /** The header that the directory points at, instead of its own. */
  readonly at?: number;
}

/** A zip archive, true or not. */
export function zipOf(files: readonly ZipFile[], directoryAt?: number): Uint8Array {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const file of files) {
    const { name, packed, content = packed, method = 0, flags = 0, local = {} } = file;
    const header = Buffer.alloc(26);
    header.writeUInt16LE(20, 0);
    header.writeUInt16LE(flags, 2);
    header.writeUInt16LE(method, 4);
    header.writeUInt32LE(file.crc ?? crc32(content), 10);
    header.writeUInt32LE(packed.length, 14);
    header.writeUInt32LE(file.bytes ?? content.length, 18);
    header.writeUInt16LE(name.length, 22);
    const here = Buffer.from(header);
    here.writeUInt16LE(local.method ?? method, 4);
    here.writeUInt16LE((local.name ?? name).length, 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(file.at ?? at, 10);
    directory.push(Buffer.from("PK\x01\x02\x14\0"), header, tail, Buffer.from(name));
    const all = [Buffer.from("PK\x03\x04"), here, Buffer.from(local.name ?? name), packed];
    parts.push(Buffer.concat(all));
    at += parts.at(-1)!.length;
  }
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directoryAt ?? at, 16);
  return new Uint8Array(Buffer.concat([...parts, ...directory, end]));
}
