import { LmuError } from "./errors.js";
import { messageOf, type Opened, type Pieces, type ReadOptions } from "./source.js";

/** Reads an opened source piece by piece, in whatever portions are asked for. */
export class SourceReader {
  readonly name: string;
  readonly total: number | undefined;
  readonly #pieces: Pieces;
  readonly #options: ReadOptions;
  #rest: Uint8Array = new Uint8Array(0);
  #loaded = 0;

  constructor(opened: Opened, options: ReadOptions) {
    this.name = opened.name;
    this.total = opened.total;
    this.#pieces = opened.pieces;
    this.#options = options;
  }

  /** Up to `count` bytes without taking them; fewer only at the end. */
  async peek(count: number): Promise<Uint8Array> {
    await this.#gather(count);
    return this.#rest.subarray(0, count);
  }

  /** Takes exactly `count` bytes; undefined when fewer are left. */
  async take(count: number): Promise<Uint8Array | undefined> {
    await this.#gather(count);
    if (this.#rest.length < count) return undefined;
    const taken = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(count);
    return taken;
  }

  /** Takes everything left: no copy when it came in one piece. */
  async takeAll(): Promise<Uint8Array> {
    const pieces = [this.#rest];
    this.#rest = new Uint8Array(0);
    for (let piece = await this.#next(); piece; piece = await this.#next()) pieces.push(piece);
    return joined(pieces);
  }

  /** Lets go of the source. */
  close(): void {
    this.#pieces.close();
  }

  async #gather(count: number): Promise<void> {
    if (this.#rest.length >= count) return;
    const pieces = [this.#rest];
    let have = this.#rest.length;
    while (have < count) {
      const piece = await this.#next();
      if (!piece) break;
      pieces.push(piece);
      have += piece.length;
    }
    this.#rest = joined(pieces);
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
      throw new LmuError("source-unreadable", `Cannot read ${this.name}: ${messageOf(cause)}`, {
        cause,
      });
    }
    if (!piece) return undefined;
    this.#loaded += piece.length;
    onProgress?.({ file: this.name, loaded: this.#loaded, total: this.total });
    return piece;
  }
}

/** Rejects with the signal's reason as soon as it is aborted. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
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
