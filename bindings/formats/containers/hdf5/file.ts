import { LmuError } from "../../../errors.js";
import type { Budget } from "../../../source/budget.js";
import { allocate } from "../../../source/gather.js";
import { decodeUtf8 } from "../../../utf8.js";
import { MOST_INFLATED } from "../deflate.js";

/*
 * The bytes of an HDF5 file and what reading them may cost. Every read of the other modules goes through a Cursor, every
 * byte that they make through `spend` or `hold`; so any file, however its structures refer to one another, is read in
 * memory linear in its size, and in time linear in that and in what it unpacks to.
 * https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html
 */

/**
 * A step is a field read, or a byte of text or of unpacked data. Files of Keras take 0.1 to 3 steps per byte; a slow machine
 * walks 32 at a megabyte of file in half a second.
 */
const STEPS_PER_BYTE = 32;
/** What a byte of an element may take until it stands in its array: inflated, shuffled, checked and copied it is five. */
const STEPS_PER_HELD = 8;
/** What files of any size may take. */
const STEPS_FREE = 1 << 20;

/** Steps of what is kept in a list: a link, a message, a chunk; about its bytes of memory. */
export const ENTRY_STEPS = 64;
/** Steps of a group or dataset: 0.5 to 1 KB of memory. */
export const OBJECT_STEPS = 1024;

export class Hdf5File {
  /** Bytes of an address and of a length, as the superblock tells. */
  offsetBytes = 8;
  lengthBytes = 8;
  #stepsLeft: number;
  readonly #view: DataView;

  /** Bytes of arrays that may still be made. */
  #room: number;

  constructor(
    readonly bytes: Uint8Array,
    private readonly budget: Budget,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#stepsLeft = STEPS_PER_BYTE * bytes.length + STEPS_FREE;
    this.#room = MOST_INFLATED * bytes.length;
  }

  get stepsLeft(): number {
    return this.#stepsLeft;
  }

  /** Pays for work; throws when it would be out of proportion to the file. */
  spend(steps: number): void {
    this.#stepsLeft -= steps;
    if (!(this.#stepsLeft >= 0)) {
      invalid(
        `it asks for more than ${STEPS_PER_BYTE} steps per byte of the file (structures that repeat)`,
      );
    }
  }

  /**
   * Memory for elements that stay, of the budget. It pays for the work of filling it: a file that compresses well may take
   * as long as what comes out is large.
   *
   * @throws LmuError format-invalid for more than compression can have made of the file; source-too-large
   */
  hold(bytes: number): Uint8Array {
    this.#room -= bytes;
    if (!(this.#room >= 0)) {
      invalid(`it asks for more than ${MOST_INFLATED} bytes of elements per byte of the file`);
    }
    this.#stepsLeft += STEPS_PER_HELD * bytes;
    return allocate(bytes, this.budget);
  }

  /** Memory that is soon given back, paid for. */
  scratch(bytes: number): Uint8Array {
    this.spend(bytes);
    return allocate(bytes);
  }

  at(address: number): Cursor {
    return new Cursor(this, this.#view, address);
  }

  /** A view of bytes of the file. */
  view(at: number, count: number): Uint8Array {
    this.check(at, count);
    return this.bytes.subarray(at, at + count);
  }

  check(at: number, count: number): void {
    if (!(at >= 0 && count >= 0 && at + count <= this.bytes.length)) {
      invalid(`${count} bytes at ${at} are not in the file, which has ${this.bytes.length}`);
    }
  }
}

/** Reads one field after another, little-endian. */
export class Cursor {
  constructor(
    readonly file: Hdf5File,
    private readonly view: DataView,
    public at: number,
  ) {}

  u8(): number {
    return this.view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.view.getUint32(this.#take(4), true);
  }

  /** An unsigned integer of up to 8 bytes; not exact above 2^53, where nothing that a file has can be. */
  uint(bytes: number): number {
    let at = this.#take(bytes);
    let value = 0;
    for (let scale = 1; bytes > 0; bytes--, scale *= 256) value += scale * this.view.getUint8(at++);
    return value;
  }

  /** An address in the file; undefined is all ones. */
  address(): number | undefined {
    const bytes = this.file.offsetBytes;
    const value = this.uint(bytes);
    return value >= 256 ** bytes - 1 ? undefined : value;
  }

  /** An address of what must be there. */
  pointer(what: string): number {
    return this.address() ?? invalid(`${what} has no address`);
  }

  length(): number {
    return this.uint(this.file.lengthBytes);
  }

  skip(bytes: number): this {
    this.at += bytes;
    return this;
  }

  /** Text of a known length. */
  text(bytes: number): string {
    const text = this.file.view(this.at, bytes);
    this.file.spend(bytes);
    this.at += bytes;
    return textOf(text);
  }

  /** Throws unless a structure begins here, and steps over its signature. */
  expect(signature: string): this {
    const at = this.#take(signature.length);
    for (let i = 0; i < signature.length; i++) {
      if (this.view.getUint8(at + i) !== signature.charCodeAt(i)) {
        invalid(`there is no ${signature} at ${at}`);
      }
    }
    return this;
  }

  /** Throws unless a version is one that this reader knows. */
  version(what: string, ...known: readonly number[]): number {
    const version = this.u8();
    if (!known.includes(version)) invalid(`version ${version} of ${what} is unknown`);
    return version;
  }

  #take(bytes: number): number {
    const { at } = this;
    this.file.check(at, bytes);
    this.file.spend(1);
    this.at += bytes;
    return at;
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes);
  } catch {
    return invalid("a text is no UTF-8");
  }
}

/** Bytes that the numbers up to a limit need. */
export function bytesFor(limit: number): number {
  let bytes = 1;
  while (limit >= 256 ** bytes) bytes++;
  return bytes;
}

export function invalid(problem: string): never {
  throw new LmuError("format-invalid", `Cannot read HDF5: ${problem}`);
}

export function unsupported(problem: string): never {
  throw new LmuError("option-unsupported", `Cannot read HDF5: ${problem}`);
}
