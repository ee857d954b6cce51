import { cannotLoad, LmuError, messageOf } from "../errors.js";
import { naming } from "./naming.js";
import { openSource } from "./open.js";
import { abortable, type Opened, type Pieces } from "./pieces.js";
import { isUrl, type ReadOptions, type Source, type SourceValue } from "./source.js";

/** Reads an opened source piece by piece, in whatever portions are asked for. */
export class SourceReader {
  /** Path, URL or file name; "" where there is none. */
  readonly name: string;
  readonly total: number | undefined;
  readonly #pieces: Pieces;
  readonly #options: ReadOptions;
  #rest: Uint8Array = new Uint8Array(0);
  /** Portions are put together here. */
  #portion: Uint8Array = new Uint8Array(0);
  #loaded = 0;

  constructor(name: string, opened: Opened, options: ReadOptions) {
    this.name = name;
    this.total = opened.total;
    this.#pieces = opened.pieces;
    this.#options = options;
  }

  /** Up to `count` bytes without taking them; fewer only at the end. */
  async peek(count: number): Promise<Uint8Array> {
    const { pieces, left } = await this.#collect(count);
    this.#rest = left ? joined([...pieces, left]) : joined(pieces);
    return this.#rest.subarray(0, count);
  }

  /** Takes exactly `count` bytes, which the next call overwrites; undefined when fewer are left. */
  async take(count: number): Promise<Uint8Array | undefined> {
    const { pieces, left, missing } = await this.#collect(count);
    if (!left) return undefined;
    this.#rest = left.subarray(missing);
    const taken = joined([...pieces, left.subarray(0, missing)], this.#portion);
    if (pieces.length) this.#portion = taken;
    return taken;
  }

  /** Takes what comes next, as it comes; undefined at the end. */
  async takeNext(): Promise<Uint8Array | undefined> {
    const rest = this.#rest;
    this.#rest = new Uint8Array(0);
    return rest.length > 0 ? rest : this.#next();
  }

  /** Lets go of the source. */
  close(): void {
    this.#pieces.close();
  }

  /** Pieces that have fewer than `count` bytes, and the one that completes them; without it at the end. */
  async #collect(count: number) {
    const pieces: Uint8Array[] = [];
    let missing = count;
    let left: Uint8Array | undefined = this.#rest;
    this.#rest = new Uint8Array(0);
    while (left && left.length < missing) {
      if (left.length) pieces.push(left);
      missing -= left.length;
      left = await this.#next();
    }
    return { pieces, left, missing };
  }

  async #next(): Promise<Uint8Array | undefined> {
    const { signal, onProgress } = this.#options;
    signal?.throwIfAborted();
    let piece: Uint8Array | undefined;
    try {
      piece = await abortable(this.#pieces.next(), signal);
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof LmuError) throw cause;
      cannotLoad(messageOf(cause), "source-unreadable", cause);
    }
    if (!piece) return undefined;
    this.#loaded += piece.length;
    onProgress?.({ file: this.name || "stream", loaded: this.#loaded, total: this.total });
    return piece;
  }
}

/**
 * Opens a source for reading.
 *
 * @param name - instead of the source's own
 * @throws what {@link openSource} throws
 */
export async function openReader(
  source: Source,
  options: ReadOptions,
  name?: string,
): Promise<SourceReader> {
  options.signal?.throwIfAborted();
  const value = await abortable(Promise.resolve(source), options.signal);
  const known = name ?? nameOf(value);
  const open = async () => new SourceReader(known, await openSource(value, options), options);
  return naming(known, open);
}

/** What a source is called; "" for bytes and streams. */
function nameOf(source: SourceValue): string {
  if (typeof source === "string" || isUrl(source)) return String(source);
  const { url, name } = Object(source) as { url?: string; name?: string };
  return url || name || "";
}

/** One piece as it is; several copied together, in the room if it suffices. */
function joined(pieces: readonly Uint8Array[], room: Uint8Array = new Uint8Array(0)): Uint8Array {
  const [first, second] = pieces;
  if (first && !second) return first;
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  // Only now: what was asked for may be a lie.
  if (room.length < length) room = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    room.set(piece, at);
    at += piece.length;
  }
  return room.subarray(0, length);
}
