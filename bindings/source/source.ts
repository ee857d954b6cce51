import type * as fs from "node:fs/promises";
import { LmuError } from "../errors.js";

/**
 * Anything a model can be read from. A string that begins with http:, https:, data:, blob: or file: is a URL; any other is
 * a path in Node, Deno and Bun, and elsewhere a URL relative to the page.
 */
export type Source = SourceValue | Promise<SourceValue>;

/** A {@link Source} that is here already. Responses and streams are consumed. */
export type SourceValue =
  | string
  | URL
  | Request
  | Response
  | Blob
  | ArrayBuffer
  | ArrayBufferView
  | ReadableStream<Uint8Array>;

/** Progress of a load, in bytes of the file. */
export interface Progress {
  /** Name of the file, as far as it has one. */
  readonly file: string;
  /** Bytes read so far. */
  readonly loaded: number;
  /** Bytes in all; undefined when the source does not say. */
  readonly total: number | undefined;
}

/** Options of reading: whatever the format. */
export interface ReadOptions {
  /** Aborts the load; its reason is thrown as it is. */
  signal?: AbortSignal | undefined;
  /**
   * Called after every piece read.
   *
   * @param progress - how far the file is
   */
  onProgress?: ((progress: Progress) => void) | undefined;
}

/** A source, opened. */
export interface Opened {
  readonly name: string;
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

/**
 * Opens a source.
 *
 * @throws LmuError source-unreadable; TypeError for a value that is no source; the signal's reason
 */
export async function openSource(source: Source, { signal }: ReadOptions): Promise<Opened> {
  signal?.throwIfAborted();
  source = await abortable(Promise.resolve(source), signal);
  if (typeof source === "string") {
    const url = absoluteUrl(source);
    const files = fileSystem();
    if (!url) return files ? openFile(source, files) : openUrl(source, signal);
    source = url;
  }
  if (isUrl(source)) {
    const files = source.protocol === "file:" ? fileSystem() : undefined;
    return files ? openFile(source, files) : openUrl(source, signal);
  }
  if (source instanceof ArrayBuffer) return openBytes(new Uint8Array(source));
  if (ArrayBuffer.isView(source)) {
    return openBytes(new Uint8Array(source.buffer, source.byteOffset, source.byteLength));
  }
  if (typeof Request === "function" && source instanceof Request) return openUrl(source, signal);
  if (typeof Response === "function" && source instanceof Response) return openResponse(source);
  if (typeof Blob === "function" && source instanceof Blob) {
    const name = "name" in source ? String(source.name) : "blob";
    return { name, total: source.size, pieces: streamPieces(source.stream()) };
  }
  if (typeof ReadableStream === "function" && source instanceof ReadableStream) {
    return { name: "stream", total: undefined, pieces: streamPieces(source) };
  }
  throw new TypeError(
    "Cannot load the model: source is none of path, URL, Request, Response, Blob, ArrayBuffer, typed array, ReadableStream",
  );
}

/** AudioWorklets have no URL. */
export function isUrl(source: unknown): source is URL {
  return typeof URL === "function" && source instanceof URL;
}

/** A URL that says how to get there; undefined for paths and relative ones. */
export function absoluteUrl(text: string): URL | undefined {
  return /^(https?|data|blob|file):/i.test(text) ? new URL(text) : undefined;
}

async function openUrl(
  source: string | URL | Request,
  signal: AbortSignal | undefined,
): Promise<Opened> {
  const name = source instanceof Object && "url" in source ? source.url : String(source);
  return openResponse(await fetchSource(source, name, signal), name);
}

/** The answer to a request, whatever its status. */
export async function fetchSource(
  source: string | URL | Request,
  name: string,
  signal: AbortSignal | undefined,
): Promise<Response> {
  try {
    return await fetch(source, signal ? { signal } : {});
  } catch (cause) {
    signal?.throwIfAborted();
    throw new LmuError("source-unreadable", `Cannot fetch ${name}: ${messageOf(cause)}`, { cause });
  }
}

function openResponse(response: Response, name = response.url || "response"): Opened {
  if (!response.ok) {
    throw new LmuError(
      "source-unreadable",
      `Cannot fetch ${name}: the answer is ${response.status}, expected 200`,
    );
  }
  if (!response.body)
    throw new LmuError("source-unreadable", `Cannot fetch ${name}: the answer has no body`);
  // A compressed answer's length is not that of its bytes.
  const length = response.headers.has("content-encoding")
    ? null
    : response.headers.get("content-length");
  const total = length !== null && /^\d+$/.test(length) ? Number(length) : undefined;
  return { name, total, pieces: streamPieces(response.body) };
}

function openBytes(bytes: Uint8Array): Opened {
  return { name: "bytes", total: bytes.length, pieces: onePiece(bytes) };
}

function onePiece(bytes: Uint8Array): Pieces {
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

function streamPieces(stream: ReadableStream<Uint8Array>): Pieces {
  if (stream.locked) {
    throw new LmuError(
      "source-unreadable",
      "Cannot read the stream: it is locked, or has been read",
    );
  }
  const reader = stream.getReader();
  return {
    next: async () => {
      const { done, value } = await reader.read();
      if (done) return undefined;
      if (value instanceof Uint8Array) return value;
      throw new LmuError(
        "source-unreadable",
        "Cannot read the stream: it gives something else than Uint8Array",
      );
    },
    // Not awaited: a source that never answers must not hold up the error.
    close: () => void reader.cancel().catch(() => undefined),
  };
}

/**
 * node:fs without an import that bundlers would stumble over; undefined where there are no files.
 *
 * @internal so that no declaration asks for the types of Node
 */
export function fileSystem(): typeof fs | undefined {
  return globalThis.process?.getBuiltinModule?.("node:fs/promises");
}

async function openFile(path: string | URL, files: typeof fs): Promise<Opened> {
  try {
    const { size } = await files.stat(path);
    const file = await files.open(path);
    return { name: String(path), total: size, pieces: filePieces(file, size) };
  } catch (cause) {
    throw new LmuError("source-unreadable", `Cannot open ${String(path)}: ${messageOf(cause)}`, {
      cause,
    });
  }
}

function filePieces(file: fs.FileHandle, size: number): Pieces {
  let left = size;
  return {
    next: async () => {
      if (left === 0) return undefined;
      const { bytesRead, buffer } = await file.read(new Uint8Array(Math.min(PIECE, left)));
      left = bytesRead === 0 ? 0 : left - bytesRead;
      return bytesRead === 0 ? undefined : buffer.subarray(0, bytesRead);
    },
    close: () => void file.close().catch(() => undefined),
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

/** What an unknown failure says. */
export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
