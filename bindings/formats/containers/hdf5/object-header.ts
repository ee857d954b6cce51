import { type Cursor, ENTRY_STEPS, type Hdf5File } from "./file.js";

/** Kinds of header messages that are read, HDF5 file format 3.0, IV.A.2. */
export const MESSAGE = {
  dataspace: 1,
  linkInfo: 2,
  datatype: 3,
  oldFill: 4,
  fill: 5,
  link: 6,
  external: 7,
  layout: 8,
  filters: 11,
  attribute: 12,
  continuation: 16,
  symbolTable: 17,
  attributeInfo: 21,
} as const;

const READ = new Set<number>(Object.values(MESSAGE));

/** Set in a message that stands elsewhere, such as a named datatype. */
const SHARED = 2;

export interface Message {
  readonly type: number;
  readonly at: number;
  readonly bytes: number;
  /** It stands elsewhere; here is only where. */
  readonly isShared: boolean;
}

/** The messages of a group or dataset, by type. */
export class ObjectHeader {
  readonly #messages: Message[] = [];

  constructor(
    readonly file: Hdf5File,
    address: number,
  ) {
    const blocks: Block[] = [
      file.at(address).u8() === 1 ? oldBlock(file, address) : newBlock(file, address),
    ];
    // Blocks refer to further ones; one that is named twice is read twice, at its price.
    for (const block of blocks) {
      for (const message of messagesOf(file, block)) {
        if (message.type === MESSAGE.continuation) blocks.push(continued(file, message, block));
        else this.#messages.push(message);
      }
    }
  }

  find(type: number): Message | undefined {
    return this.#messages.find((message) => message.type === type);
  }

  all(type: number): Message[] {
    return this.#messages.filter((message) => message.type === type);
  }

  /** A cursor at the only message of a type; undefined when there is none. */
  read(type: number): Cursor | undefined {
    const message = this.find(type);
    return message && this.file.at(message.at);
  }
}

/** A run of messages. */
interface Block {
  readonly from: number;
  readonly to: number;
  readonly isOld: boolean;
  /** Of a message's head. */
  readonly headBytes: number;
}

function oldBlock(file: Hdf5File, address: number): Block {
  const from = address + 16;
  const to = from + file.at(address + 8).u32();
  return { from, to, isOld: true, headBytes: 8 };
}

function newBlock(file: Hdf5File, address: number): Block {
  const at = file.at(address).expect("OHDR");
  at.version("an object header", 2);
  const flags = at.u8();
  if (flags & 32) at.skip(16); // times
  if (flags & 16) at.skip(4); // when attributes become dense
  const bytes = at.uint(1 << (flags & 3));
  return { from: at.at, to: at.at + bytes, isOld: false, headBytes: flags & 4 ? 6 : 4 };
}

function continued(file: Hdf5File, { at }: Message, { isOld, headBytes }: Block): Block {
  const where = file.at(at);
  const from = where.pointer("the rest of an object header");
  const bytes = where.length();
  file.check(from, bytes);
  if (isOld) return { from, to: from + bytes, isOld, headBytes };
  file.at(from).expect("OCHK");
  return { from: from + 4, to: from + bytes - 4, isOld, headBytes };
}

function* messagesOf(file: Hdf5File, { from, to, isOld, headBytes }: Block): Generator<Message> {
  file.check(from, to - from);
  // The last bytes may be too few for a message.
  for (let next = from; next + headBytes <= to;) {
    const at = file.at(next);
    const type = isOld ? at.u16() : at.u8();
    const bytes = at.u16();
    const flags = at.u8();
    next += headBytes;
    if (READ.has(type)) {
      file.check(next, bytes);
      file.spend(ENTRY_STEPS);
      yield { type, at: next, bytes, isShared: (flags & SHARED) !== 0 };
    }
    next += bytes;
  }
}
