import { LmuError, type LmuErrorCode } from "../errors.js";
import { hashOf } from "../model/hash.js";
import { type Bytes, copyBytes } from "../model/ports.js";
import { type Settings, settingsOf } from "./options.js";
import type { Triangle } from "./triangle.js";

/*
 * What a readout has learned as bytes. docs/readouts.md specifies them; what is written here is read for ever.
 */

/** "LMUr", little-endian, as every host is: wasm memory is. */
const MAGIC = 0x72554d4c;
const VERSION = 1;
/** Bytes before the numbers, and those of the checksum behind them. */
const HEADER = 40;
const TAIL = 8;
const ACTION = "restore the readout";

/** A saved readout whose header and length are right. */
export interface Saved {
  readonly settings: Settings;
  readonly samples: number;
  /** Numbers of R and Z. */
  readonly numbers: Float64Array;
}

/** @returns a new array */
export function writeReadout(settings: Settings, samples: number, triangle: Triangle): Bytes {
  const { features, targets, intercept, ridge, forgetting } = settings;
  const numbers = new Float64Array(lengthOf(triangle.size, targets));
  eachRow(triangle, (row, at) => numbers.set(row, at));
  const bytes = new Uint8Array(HEADER + numbers.byteLength + TAIL);
  const words = new Uint32Array(bytes.buffer);
  words.set([MAGIC, VERSION | (Number(intercept) << 8), features, targets]);
  const doubles = new Float64Array(bytes.buffer);
  doubles.set([samples, ridge, forgetting], 2);
  doubles.set(numbers, HEADER / 8);
  words.set(sumOf(words), words.length - TAIL / 4);
  return bytes;
}

/** @throws TypeError if it is no array of bytes; LmuError snapshot-invalid, snapshot-newer */
export function readReadout(given: unknown): Saved {
  const bytes = copyBytes(ACTION, given, "bytes");
  if (bytes.length < HEADER + TAIL || bytes.length % 8) refuse("are none of a readout, or cut");
  const words = new Uint32Array(bytes.buffer);
  const doubles = new Float64Array(bytes.buffer);
  if (words[0] !== MAGIC) refuse("are none of a readout");
  const tail = words.subarray(words.length - TAIL / 4);
  if (!sumOf(words).every((sum, i) => sum === tail[i])) {
    refuse("have been changed: their checksum is wrong");
  }
  const version = words[1]! & 255;
  if (version > VERSION) {
    refuse(`have version ${version}, expected at most ${VERSION}`, "snapshot-newer");
  }
  const flags = words[1]! >>> 8;
  const samples = doubles[2]!;
  const isCount = Number.isInteger(samples) && samples >= 0 && samples <= 2 ** 53;
  if (version < 1 || flags > 1 || !isCount) refuse("have a wrong header");
  const settings = settingsIn(words, doubles, flags === 1);
  const length = lengthOf(settings.features + flags, settings.targets);
  if (bytes.length !== HEADER + 8 * length + TAIL) refuse("are of another length");
  const numbers = doubles.slice(HEADER / 8, HEADER / 8 + length);
  // x - x is 0 for finite numbers alone.
  if (!numbers.every((x) => x - x === 0)) refuse("have numbers that are not finite");
  return { settings, samples, numbers };
}

/** Writes the numbers into an empty triangle of their size. @throws LmuError snapshot-invalid */
export function fillTriangle(triangle: Triangle, numbers: Float64Array): void {
  eachRow(triangle, (row, at) => {
    if (!(numbers[at]! >= 0)) refuse("have a negative diagonal");
    row.set(numbers.subarray(at, at + row.length));
  });
}

/** Calls with each row of R from its diagonal on, and of Z beside it, and with how many numbers come before. */
function eachRow({ rows, size, targets }: Triangle, call: (row: Float64Array, at: number) => void) {
  const width = size + targets;
  let at = 0;
  for (let k = 0; k < size; k++) {
    const row = rows.subarray(k * width + k, (k + 1) * width);
    call(row, at);
    at += row.length;
  }
}

function lengthOf(size: number, targets: number): number {
  return (size * (size + 1)) / 2 + size * targets;
}

function settingsIn(words: Uint32Array, doubles: Float64Array, intercept: boolean): Settings {
  const [features, targets] = [words[2]!, words[3]!];
  const [ridge, forgetting] = [doubles[3]!, doubles[4]!];
  try {
    return settingsOf(ACTION, { features, targets, intercept, ridge, forgetting });
  } catch (cause) {
    return refuse("have a wrong header", "snapshot-invalid", cause);
  }
}

/** Of everything before the checksum. */
function sumOf(words: Uint32Array): readonly number[] {
  return hashOf(words.subarray(0, -TAIL / 4));
}

function refuse(problem: string, code: LmuErrorCode = "snapshot-invalid", cause?: unknown): never {
  throw new LmuError(code, `Cannot ${ACTION}: the bytes ${problem}`, { cause });
}
