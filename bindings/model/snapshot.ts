import { LmuError, type LmuErrorCode } from "../errors.js";
import { countAfter } from "../facts/clock.js";
import { STATE } from "../runtime/records.js";
import type { Engine } from "./engine.js";
import { type Hash, hashOf } from "./hash.js";
import { bytesOf, partsOf, type SnapshotDType, transfer } from "./parts.js";
import { type Bytes, copyBytes } from "./ports.js";

/*
 * A stream's past as bytes. docs/snapshots.md specifies them; what is written here is read for ever.
 * Every host is little-endian, as wasm memory is, so words are read as they stand.
 */

export type { SnapshotDType };

/** Options of `stream.save` and `model.advance`. */
export interface SaveOptions {
  /**
   * How floats are stored: "f32" as they are, "f16" and "int8" rounded, in a half and a third of the bytes.
   *
   * @defaultValue "f32"
   */
  dtype?: SnapshotDType | undefined;
}

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
  /** The rows that the state has grown by. */
  readonly rows: Float32Array;
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
  const code = DTYPES.indexOf(dtype);
  if (code < 0) {
    throw new TypeError(`Cannot ${action}: dtype is ${String(dtype)}, expected ${DTYPES.join()}`);
  }
  const [position, isEnded] = [states.position(at), states.isEnded(at)];
  const parts = partsOf(engine.plan, position, isEnded, dtype);
  const words = new Uint32Array(lengthOf(parts) / 4);
  const kind = VERSION | (code << 8) | (Number(isEnded) << 16);
  words.set([MAGIC, kind, ...engine.fingerprint(action), position, position / 2 ** 32]);
  transfer(
    action,
    parts,
    words.buffer,
    HEADER,
    [states.take(at).buffer, states.rows(at).slice(), latest],
    true,
  );
  words.set(hashOf(words.subarray(0, -2)), words.length - 2);
  return new Uint8Array(words.buffer);
}

/**
 * Checks a snapshot, and reads it: what comes back can be put into a state of the model, and nothing can fail any more.
 *
 * @throws TypeError if it is no array of bytes; LmuError snapshot-invalid, snapshot-newer, snapshot-other-model; disposed
 */
export function readSnapshot(action: string, engine: Engine, snapshot: unknown): Past {
  const { buffer, byteLength } = copyBytes(action, snapshot);
  const fingerprint = engine.fingerprint(action);
  const check = (
    isRight: boolean,
    problem = "broken, expected what save returned",
    code: LmuErrorCode = "snapshot-invalid",
  ) => {
    if (!isRight) throw new LmuError(code, `Cannot ${action}: the snapshot is ${problem}`);
  };
  check(byteLength >= HEADER + TAIL && byteLength % 4 === 0);
  const words = new Uint32Array(buffer);
  const { length } = words;
  const word = (index: number) => words[index]!;
  const holds = ([a, b]: Hash, at: number) => a === words[at] && b === words[at + 1];
  check(word(0) === MAGIC && holds(hashOf(words.subarray(0, -2)), length - 2));
  const kind = word(1);
  const version = kind & 255;
  check(version <= VERSION, `of version ${version}, expected ${VERSION}`, "snapshot-newer");
  check(holds(fingerprint, 2), "of another model", "snapshot-other-model");
  const dtype = DTYPES[(kind >>> 8) & 255]!;
  const position = word(4) + word(5) * 2 ** 32;
  const isEnded = kind >>> 16 === 1;
  check(version > 0 && !!dtype && kind < 1 << 17 && position <= MAX_STEPS);
  check(position <= engine.plan.maxSteps);
  const { plan } = engine;
  const parts = partsOf(plan, position, isEnded, dtype);
  check(lengthOf(parts) === byteLength);

  const state = new Int32Array(plan.stateBytes / 4);
  const doubles = new Float64Array(state.buffer);
  doubles[STATE.position / 8] = position;
  state[STATE.ended / 4] = Number(isEnded);
  for (const { offset, type, counts = [] } of isEnded ? [] : plan.stateFields) {
    const numbers = counts.map((count) => countAfter(count, position));
    if (type === "i32") state.set(numbers, offset / 4);
    else doubles.set(numbers, offset / 8);
  }
  const latest = new Float32Array(plan.output.width).fill(NaN);
  const rows = new Float32Array(isEnded ? 0 : (position * plan.rowBytes) / 4);
  transfer(action, parts, buffer, HEADER, [state.buffer, rows, latest], false);
  return { words: state, rows, latest: plan.output.isSteady && position > 0 ? undefined : latest };
}

/** Bytes of a snapshot. */
function lengthOf(parts: ReturnType<typeof partsOf>): number {
  return parts.reduce((sum, part) => sum + bytesOf(part), HEADER + TAIL);
}
