/*
 * The sections of a WebAssembly module (WebAssembly Core 1.0, section 5.5), as far as a compiled model needs them: taken
 * apart, changed, put together again. Reads only what our own build made, so it checks nothing.
 */
import { joined } from "../joined.js";

/** Uint8Array<ArrayBuffer>, which TypeScript knows from 5.7 on. */
export type Bytes = ReturnType<typeof Uint8Array.of>;

/** Codes of the sections that are read or written. */
export const SECTION = {
  custom: 0,
  memory: 5,
  global: 6,
  export: 7,
  code: 10,
  data: 11,
  dataCount: 12,
} as const;

/** What an export names. */
export const EXPORT = { function: 0, memory: 2, global: 3 } as const;

/** One entry of the export section. */
export interface Export {
  readonly name: string;
  readonly kind: number;
  readonly index: number;
}

const PREAMBLE = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const I32 = 0x7f;
const I32_CONST = 0x41;
const END = 0x0b;
const UNREACHABLE = 0x00;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Reads numbers and vectors one after another. */
class Cursor {
  at = 0;

  constructor(readonly bytes: Uint8Array) {}

  byte(): number {
    return this.bytes[this.at++]!;
  }

  /** LEB128 without a sign. */
  unsigned(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  take(count: number): Uint8Array {
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  /** A vector: its length, then its elements. */
  vector<T>(element: () => T): T[] {
    return Array.from({ length: this.unsigned() }, element);
  }
}

/** LEB128 without a sign. */
function unsigned(value: number): number[] {
  const low = value % 128;
  return value < 128 ? [low] : [low + 128, ...unsigned((value - low) / 128)];
}

/** LEB128 of a signed 32-bit integer. */
function signed(value: number): number[] {
  const low = value & 127;
  const rest = value >> 7;
  const isLast = rest === (low & 64 ? -1 : 0);
  return isLast ? [low] : [low | 128, ...signed(rest)];
}

/** Bytes of a text, its length before them. */
function name(text: string): Uint8Array {
  const bytes = encoder.encode(text);
  return concatenate([unsigned(bytes.length), bytes]);
}

function concatenate(parts: readonly (Uint8Array | readonly number[])[]): Bytes {
  return joined(Uint8Array, parts);
}

/** A vector of encoded elements. */
function vector(elements: readonly (Uint8Array | readonly number[])[]): Bytes {
  return concatenate([unsigned(elements.length), ...elements]);
}

/** The sections of a module, by their codes, but for custom ones and the count of data, which validates nothing here. */
export function readSections(module: Uint8Array): Map<number, Uint8Array> {
  const cursor = new Cursor(module);
  cursor.take(PREAMBLE.length);
  const sections = new Map<number, Uint8Array>();
  while (cursor.at < module.length) {
    const code = cursor.byte();
    const content = cursor.take(cursor.unsigned());
    if (code !== SECTION.custom && code !== SECTION.dataCount) sections.set(code, content);
  }
  return sections;
}

/** A module of sections, custom ones behind them. */
export function writeModule(
  sections: ReadonlyMap<number, Uint8Array>,
  custom: Readonly<Record<string, Uint8Array>>,
): Bytes {
  const named = Object.entries(custom).map(
    ([key, content]) => [SECTION.custom, concatenate([name(key), content])] as const,
  );
  const parts = [...sections, ...named].flatMap(([code, content]) => [
    [code, ...unsigned(content.length)],
    content,
  ]);
  return concatenate([PREAMBLE, ...parts]);
}

export function readExports(section: Uint8Array): Export[] {
  const cursor = new Cursor(section);
  return cursor.vector(() => ({
    name: decoder.decode(cursor.take(cursor.unsigned())),
    kind: cursor.byte(),
    index: cursor.unsigned(),
  }));
}

export function writeExports(exports: readonly Export[]): Bytes {
  return vector(
    exports.map((one) => concatenate([name(one.name), [one.kind], unsigned(one.index)])),
  );
}

/** Globals that are i32 constants. */
export function writeGlobals(values: readonly number[]): Bytes {
  return vector(values.map((value) => [I32, 0, I32_CONST, ...signed(value | 0), END]));
}

/** A memory of at least so many pages of 64 KiB. */
export function writeMemory(pages: number): Bytes {
  return vector([[0, ...unsigned(pages)]]);
}

/** The code section with every function that is not kept replaced by a trap, so that all keep their numbers. */
export function keepFunctions(section: Uint8Array, kept: ReadonlySet<number>): Bytes {
  const cursor = new Cursor(section);
  let index = 0;
  const trap = [0, UNREACHABLE, END];
  const bodies = cursor.vector(() => {
    const body = cursor.take(cursor.unsigned());
    const content = kept.has(index++) ? body : trap;
    return concatenate([unsigned(content.length), content]);
  });
  return vector(bodies);
}

/** The data section with more contents of memory, by their addresses. */
export function addData(section: Uint8Array, contents: ReadonlyMap<number, Uint8Array>): Bytes {
  const cursor = new Cursor(section);
  const count = cursor.unsigned();
  const added = [...contents].map(([at, bytes]) =>
    concatenate([[0, I32_CONST, ...signed(at), END], unsigned(bytes.length), bytes]),
  );
  return concatenate([unsigned(count + added.length), section.subarray(cursor.at), ...added]);
}
