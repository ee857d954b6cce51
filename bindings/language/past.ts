import { LmuError } from "../errors.js";
import { decodeUtf8 } from "../utf8.js";
import type { Settled } from "./options.js";
import type { SamplerState } from "./sampler.js";
import type { TextState } from "./text-stream.js";

/** All that there is of a text on its way, but for the state of its stream. */
export interface Past {
  readonly options: Settled;
  /** Tokens that the stream has not seen. */
  readonly unread: readonly number[];
  readonly count: number;
  readonly ended: "stop" | "length" | null;
  readonly sampler: SamplerState;
  readonly text: TextState;
  /** Text that may be the beginning of a stop. */
  readonly held: string;
}

const VERSION = 1;

/** A text on its way as bytes: the length of a JSON text, u32, the text, and the snapshot of its stream. */
export function writePast(past: Past, snapshot: Uint8Array): Uint8Array {
  // JSON has no Infinity.
  const json = JSON.stringify({ version: VERSION, ...past }, (_, value: unknown) =>
    value === Infinity ? "Infinity" : value,
  );
  const text = new TextEncoder().encode(json);
  const bytes = new Uint8Array(4 + text.length + snapshot.length);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 4);
  bytes.set(snapshot, 4 + text.length);
  return bytes;
}

/**
 * Reads such bytes; the options are to be settled, and the snapshot to be read, by those who know how.
 *
 * @throws LmuError snapshot-invalid, snapshot-newer
 */
export function readPast(
  bytes: Uint8Array,
  vocabulary: number,
): { past: Past; snapshot: Uint8Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.length < 4 ? 0 : 4 + view.getUint32(0, true);
  if (end < 4 || end > bytes.length) refuse("is none, or cut");
  let past: Past & { readonly version: number };
  try {
    past = JSON.parse(decodeUtf8(bytes.subarray(4, end)), (_, value: unknown) =>
      value === "Infinity" ? Infinity : value,
    ) as typeof past;
  } catch {
    return refuse("is none, or cut");
  }
  if (past?.version > VERSION) refuse(`has version ${past.version}`, "snapshot-newer");
  if (!isPast(past, vocabulary)) refuse("has a wrong header");
  return { past, snapshot: bytes.subarray(end) };
}

function isPast(past: Past, vocabulary: number): boolean {
  const { unread, count, ended, sampler, text, held } = past ?? {};
  const isId = (id: unknown) => isCount(id) && (id as number) < vocabulary;
  const lists: unknown[] = [unread, sampler?.seen, text?.before, text?.open];
  return (
    lists.every((list) => Array.isArray(list) && list.every(isId)) &&
    [count, text.given].every(isCount) &&
    Number.isInteger(sampler.random) &&
    [null, "stop", "length"].includes(ended) &&
    typeof held === "string" &&
    typeof past.options === "object"
  );
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function refuse(
  problem: string,
  code: "snapshot-invalid" | "snapshot-newer" = "snapshot-invalid",
): never {
  throw new LmuError(code, `Cannot restore the text: the snapshot ${problem}`);
}
