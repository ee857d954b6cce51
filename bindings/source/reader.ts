import { LmuError, messageOf } from "../errors.js";
import { allocate, Budget } from "./budget.js";
import { naming } from "./naming.js";
import { openSource } from "./open.js";
import { abortable, type Opened, type Pieces } from "./pieces.js";
import { isUrl, type ReadOptions, type Source, type SourceValue } from "./source.js";

/** Bytes that are believed to come because the source says so; whoever lies about more could send them as well. */
const MOST_BELIEVED = 2 ** 28;

/** Reads an opened source piece by piece, in whatever portions are asked for. */
export class SourceReader {
  /** Path, URL or file name; "" where there is none. */
  readonly name: string;
  readonly total: number | undefined;
  /** Whether takeAll copied the pieces together: its bytes are nobody else's then. */
  hasGathered = false;
  readonly #pieces: Pieces;
  readonly #options: ReadOptions;
  #rest: Uint8Array = new Uint8Array(0);
  /** Portions are put together here. */
  #portion = new Uint8Array(0);
  #loaded = 0;

  constructor(name: string, opened: Opened, options: ReadOptions) {
    this.name = name;
    this.total = opened.total;
    this.#pieces = opened.pieces;
    this.#options = options;
  }

  /** Up to `count` bytes without taking them; fewer only at the end. */
  async peek(count: number): Promise<Uint8Array> {
    if (this.#rest.length < count) {
      const { pieces, left } = await this.#collect(count);
      this.#rest = joined(left ? [...pieces, left] : pieces);
    }
    return this.#rest.subarray(0, count);
  }

  /** Takes exactly `count` bytes, which the next call overwrites; undefined when fewer are left. */
  async take(count: number): Promise<Uint8Array | undefined> {
    if (this.#rest.length >= count) {
      const taken = this.#rest.subarray(0, count);
      this.#rest = this.#rest.subarray(count);
      return taken;
    }
    const { pieces, left } = await this.#collect(count);
    if (!left) return undefined;
    // Only now: the count may be a lie.
    if (this.#portion.length < count) this.#portion = new Uint8Array(count);
    let at = 0;
    for (const piece of pieces) {
      this.#portion.set(piece, at);
      at += piece.length;
    }
    this.#portion.set(left.subarray(0, count - at), at);
    this.#rest = left.subarray(count - at);
    return this.#portion.subarray(0, count);
  }

  /**
   * Takes everything left: no copy when it came in one piece.
   *
   * @throws LmuError source-too-large as soon as it is more than the budget has
   */
  async takeAll(budget = new Budget()): Promise<Uint8Array> {
    if (this.total! > budget.left) budget.hold(this.total!);
    const first = this.#rest.length > 0 ? this.#rest : await this.#next();
    this.#rest = new Uint8Array(0);
    let piece = await this.#next();
    budget.hold(first?.length ?? 0);
    if (!first || !piece) return first ?? this.#rest;
    this.hasGathered = true;
    // Not kept as pieces: each can go at once, where all of them would wait for the last.
    let bytes = allocate(Math.min(this.total ?? 0, MOST_BELIEVED));
    bytes = append(bytes, 0, first);
    let length = first.length;
    for (; piece; piece = await this.#next()) {
      budget.hold(piece.length);
      bytes = append(bytes, length, piece);
      length += piece.length;
    }
    return bytes.subarray(0, length);
  }

  /** Lets go of the source. */
  close(): void {
    this.#pieces.close();
  }

  /** Pieces that have fewer than `count` bytes, and the one that completes them; without it at the end. */
  async #collect(count: number): Promise<{ pieces: Uint8Array[]; left: Uint8Array | undefined }> {
    const pieces: Uint8Array[] = [];
    let have = 0;
    let piece: Uint8Array | undefined = this.#rest;
    this.#rest = new Uint8Array(0);
    while (piece && have + piece.length < count) {
      pieces.push(piece);
      have += piece.length;
      piece = await this.#next();
    }
    return { pieces, left: piece };
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
      const message = `Cannot load the model: ${messageOf(cause)}`;
      throw new LmuError("source-unreadable", message, { cause });
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

/** Puts a piece behind the first `length` bytes; in a larger array where there is no room. */
function append(
  bytes: Uint8Array<ArrayBuffer>,
  length: number,
  piece: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const needed = length + piece.length;
  let roomy = bytes;
  if (needed > bytes.length) {
    roomy = allocate(Math.max(needed, 2 * bytes.length));
    roomy.set(bytes.subarray(0, length));
    free(bytes.buffer);
  }
  roomy.set(piece, length);
  return roomy;
}

/** Gives memory back at once, where the engine can; else the collector does when it comes by. */
function free(buffer: ArrayBuffer & { transfer?: (length: number) => ArrayBuffer }): void {
  buffer.transfer?.(0);
}

function joined(pieces: Uint8Array[]): Uint8Array {
  const filled = pieces.filter(({ length }) => length > 0);
  if (filled.length === 1) return filled[0]!;
  const bytes = new Uint8Array(filled.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of filled) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
