import { LmuError, type LmuErrorCode, typeOf } from "../errors.js";
import { STATE } from "../runtime/records.js";
import type { Engine } from "./engine.js";
import { Hash } from "./hash.js";
import { type Part, partsOf, placeOf } from "./parts.js";
import { bytesOf, readNumbers, writeNumbers } from "./rounding.js";

/*
 * A stream's past as bytes. docs/snapshots.md specifies them; what is written here is read for ever.
 */

/** How a snapshot stores floats: as they are, or rounded to half precision or to integers of 8 bits, both with scales. */
export type SnapshotDType = "f32" | "f16" | "int8";

/** Options of `stream.save` and `model.advance`. */
export interface SaveOptions {
  /**
   * How floats are stored: "f32" as they are, "f16" and "int8" rounded, in a half and a quarter of the bytes.
   *
   * @defaultValue "f32"
   */
  dtype?: SnapshotDType | undefined;
}

/** Uint8Array<ArrayBuffer>, which TypeScript knows from 5.7 on. */
export type Bytes = ReturnType<typeof Uint8Array.of>;

const DTYPES: readonly SnapshotDType[] = ["f32", "f16", "int8"];
/** "LMUs", little-endian. */
const MAGIC = 0x73554d4c;
const VERSION = 1;
/** Bytes before the fields, and those of the checksum behind them. */
const HEADER = 24;
const TAIL = 8;
/** No sequence is longer. */
const MAX_STEPS = 2 ** 52;

/** A stream's past outside of its state. */
export interface Past {
  /** The state, i32[stateBytes / 4]. */
  readonly words: Int32Array;
  /** The newest output, NaN before there is one; undefined where nobody knows it before the next sample. */
  readonly latest: Float32Array | undefined;
}

/**
 * The state of a stream as a snapshot.
 *
 * @param at - address of the state
 * @param latest - the newest output, which goes along where later steps may repeat it
 * @returns a new array
 * @throws TypeError if dtype is none; LmuError snapshot-invalid if the state is not finite; disposed
 */
export function writeSnapshot(
  action: string,
  engine: Engine,
  at: number,
  latest: Float32Array,
  dtype: SnapshotDType,
): Bytes {
  const states = engine.running(action);
  if (!DTYPES.includes(dtype)) {
    throw new TypeError(`Cannot ${action}: dtype is ${String(dtype)}, expected ${DTYPES.join()}`);
  }
  const [position, isEnded] = [states.position(at), states.isEnded(at)];
  const parts = partsOf(engine.plan, position, isEnded, dtype);
  const bytes = new Uint8Array(lengthOf(parts));
  const view = new DataView(bytes.buffer);
  const kind = VERSION | (DTYPES.indexOf(dtype) << 8) | (Number(isEnded) << 16);
  const head = [MAGIC, kind, ...engine.fingerprint(action), position, position / 2 ** 32];
  head.forEach((word, i) => view.setUint32(4 * i, word, true));
  const { floats, doubles } = states.session;
  let to = HEADER;
  for (const part of parts) {
    const { isOutput, form, count } = part;
    const from = isOutput ? latest : form === "f64" ? doubles : floats;
    const base = isOutput ? 0 : form === "f64" ? at / 8 : at / 4;
    const values = new Float64Array(count);
    for (let i = 0; i < count; i++) values[i] = from[base + placeOf(part, i)]!;
    // Rounding may double a number, at most.
    expectFinite(action, part, values, dtype === "f32" ? 1 : 2);
    writeNumbers(view, to, values, form);
    to += bytesOf(count, form);
  }
  sumOf(bytes).forEach((word, i) => view.setUint32(bytes.length - TAIL + 4 * i, word, true));
  return bytes;
}

/**
 * Checks a snapshot, and reads it: what comes back can be put into a state of the model, and nothing can fail any more.
 *
 * @throws TypeError if it is no array of bytes; LmuError snapshot-invalid, snapshot-newer, snapshot-other-model; disposed
 */
export function readSnapshot(action: string, engine: Engine, snapshot: unknown): Past {
  const bytes = copyOf(action, snapshot);
  const fingerprint = engine.fingerprint(action);
  const view = new DataView(bytes.buffer);
  const end = bytes.length - TAIL;
  const word = (index: number) => view.getUint32(4 * index, true);
  const check = (isRight: boolean, problem: string, code?: LmuErrorCode) =>
    isRight || refuse(action, `the snapshot ${problem}`, code);
  check(end >= HEADER && end % 4 === 0 && word(0) === MAGIC, "is none, or cut");
  check(
    sumOf(bytes).every((sum, i) => sum === word(end / 4 + i)),
    "has been changed: its checksum is wrong",
  );
  const kind = word(1);
  const version = kind & 255;
  check(
    version <= VERSION,
    `has version ${version}, expected at most ${VERSION}`,
    "snapshot-newer",
  );
  check(
    fingerprint.every((half, i) => half === word(2 + i)),
    "is of another model",
    "snapshot-other-model",
  );
  const dtype = DTYPES[(kind >>> 8) & 255];
  const position = word(4) + word(5) * 2 ** 32;
  const isEnded = kind >= 1 << 16;
  check(version > 0 && kind < 1 << 17 && position <= MAX_STEPS, "has a wrong header");
  if (!dtype) return refuse(action, "the snapshot has a wrong header");
  const parts = partsOf(engine.plan, position, isEnded, dtype);
  const length = lengthOf(parts);
  check(length === bytes.length, `has ${bytes.length} bytes, expected ${length}`);
  return readPast(action, engine, { view, parts, position, isEnded });
}

/** A snapshot whose header and length are right. */
interface Opened {
  readonly view: DataView;
  readonly parts: readonly Part[];
  readonly position: number;
  readonly isEnded: boolean;
}

function readPast(
  action: string,
  { plan }: Engine,
  { view, parts, position, isEnded }: Opened,
): Past {
  const memory = new ArrayBuffer(plan.stateBytes);
  const words = new Int32Array(memory);
  const floats = new Float32Array(memory);
  const doubles = new Float64Array(memory);
  doubles[STATE.position / 8] = position;
  words[STATE.ended / 4] = Number(isEnded);
  for (const { offset, type, after } of isEnded ? [] : plan.stateFields) {
    if (!after) continue;
    if (type === "i32") words.set(after(position), offset / 4);
    else doubles.set(after(position), offset / 8);
  }
  const { isSteady, width } = plan.output;
  const latest = new Float32Array(width).fill(NaN);
  let at = HEADER;
  for (const part of parts) {
    const { isOutput, form, count } = part;
    const values = new Float64Array(count);
    readNumbers(view, at, values, form);
    expectFinite(action, part, values, 1);
    const to = isOutput ? latest : form === "f64" ? doubles : floats;
    for (let i = 0; i < count; i++) to[placeOf(part, i)] = values[i]!;
    at += bytesOf(count, form);
  }
  for (; at < view.byteLength - TAIL; at++) {
    if (view.getUint8(at)) refuse(action, "the snapshot has a wrong end");
  }
  return { words, latest: isSteady && position > 0 ? undefined : latest };
}

/** Bytes of a snapshot: a multiple of 4. */
function lengthOf(parts: readonly Part[]): number {
  const bytes = parts.reduce((sum, { count, form }) => sum + bytesOf(count, form), HEADER);
  return Math.ceil(bytes / 4) * 4 + TAIL;
}

/** Of everything before the checksum. */
function sumOf(bytes: Bytes): readonly number[] {
  // Every host is little-endian: wasm memory is.
  return new Hash().add(new Int32Array(bytes.buffer, 0, (bytes.length - TAIL) / 4)).value;
}

/** A copy that nobody changes between check and use, and that stands at a multiple of 4. */
function copyOf(action: string, bytes: unknown): Bytes {
  if (ArrayBuffer.isView(bytes)) {
    return Uint8Array.from(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes.slice(0));
  throw new TypeError(`Cannot ${action}: snapshot is ${typeOf(bytes)}, expected a Uint8Array`);
}

/** @throws LmuError snapshot-invalid if a value of a state is not finite, or not so many times as large */
function expectFinite(
  action: string,
  { name, isOutput, form }: Part,
  values: Float64Array,
  times: number,
): void {
  if (isOutput) return;
  for (const value of values) {
    const stored = form === "f64" ? value : Math.fround(value * times);
    // x - x is 0 for finite numbers alone.
    if (stored - stored !== 0) refuse(action, `${name} has ${value}, expected finite numbers`);
  }
}

function refuse(action: string, problem: string, code: LmuErrorCode = "snapshot-invalid"): never {
  throw new LmuError(code, `Cannot ${action}: ${problem}`);
}
