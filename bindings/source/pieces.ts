import type * as fs from "node:fs";
import { LmuError } from "../errors.js";

/** A source, opened. */
export interface Opened {
  /** Bytes in all, where the source says so and can be believed. */
  readonly total: number | undefined;
  readonly pieces: Pieces;
}

/** The bytes of a source, piece by piece. */
export interface Pieces {
  /** Undefined at the end. */
  next(): Promise<Uint8Array | undefined>;
  /** Lets go of the source, also while a piece is awaited. */
  close(): void;
}

/** Bytes read from a file at a time. */
const PIECE = 1 << 20;

/** Bytes that are in memory. */
export function onePiece(bytes: Uint8Array): Pieces {
  let rest: Uint8Array | undefined = bytes;
  return {
    next: () => {
      const piece = rest;
      rest = undefined;
      return Promise.resolve(piece);
    },
    close: () => undefined,
  };
}

/** A stream, which is locked from now on. */
export function streamPieces(stream: ReadableStream<Uint8Array>): Pieces {
  if (stream.locked) unreadable("is locked, or has been read");
  const reader = stream.getReader();
  return {
    next: async () => {
      const { done, value } = await reader.read();
      if (done) return undefined;
      return value instanceof Uint8Array
        ? value
        : unreadable("gives something else than Uint8Array");
    },
    // Not awaited: a source that never answers must not hold up the error.
    close: () => void reader.cancel().catch(() => undefined),
  };
}

function unreadable(problem: string): never {
  throw new LmuError("source-unreadable", `Cannot read the stream: it ${problem}`);
}

/** What a function of node:fs calls back with. */
export function promised<T>(
  call: (done: (error: Error | null, value: T) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) =>
    call((error, value) => (error ? reject(error) : resolve(value))),
  );
}

/** The first `size` bytes of an open file, or all. */
export function filePieces(files: typeof fs, file: number, size = Infinity): Pieces {
  let left = size;
  let reading: Promise<number> | undefined = Promise.resolve(0);
  return {
    next: async () => {
      if (left === 0 || !reading) return undefined;
      const piece = new Uint8Array(Math.min(PIECE, left));
      reading = promised((done) => files.read(file, piece, 0, piece.length, null, done));
      const count = await reading;
      left = count && left - count;
      return count ? piece.subarray(0, count) : undefined;
    },
    close: () => {
      // Once, and not while it is read: its number may be another file's by then.
      const close = () => files.close(file, () => undefined);
      reading?.then(close, close);
      reading = undefined;
    },
  };
}

/** Rejects with the signal's reason as soon as it is aborted. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
