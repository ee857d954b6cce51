import type * as fs from "node:fs";
import { LmuError, messageOf } from "../errors.js";
import { abortable, filePieces, onePiece, type Opened, promised, streamPieces } from "./pieces.js";
import { absoluteUrl, isUrl, type ReadOptions, type SourceValue } from "./source.js";

/**
 * Opens a source.
 *
 * @throws LmuError source-unreadable; TypeError for a value that is no source; the signal's reason
 */
export async function openSource(source: SourceValue, { signal }: ReadOptions): Promise<Opened> {
  if (typeof source === "string" || isUrl(source)) {
    const { place, files } = placeOf(source);
    return files ? openFile(place, files, signal) : openUrl(place, signal);
  }
  if (source instanceof ArrayBuffer) return openBytes(new Uint8Array(source));
  if (ArrayBuffer.isView(source)) {
    return openBytes(new Uint8Array(source.buffer, source.byteOffset, source.byteLength));
  }
  if (isOf("Request", source)) return openUrl(source, signal);
  if (isOf("Response", source)) return openResponse(source);
  if (isOf("Blob", source)) return { total: source.size, pieces: streamPieces(source.stream()) };
  if (isOf("ReadableStream", source)) return { total: undefined, pieces: streamPieces(source) };
  throw new TypeError(
    "Cannot load the model: source is none of path, URL, Request, Response, Blob, ArrayBuffer, typed array, ReadableStream",
  );
}

/** Classes of the web; AudioWorklets have none of them, not even URL. */
interface WebClasses {
  readonly Request: Request;
  readonly Response: Response;
  readonly Blob: Blob;
  readonly ReadableStream: ReadableStream<Uint8Array>;
}

function isOf<Name extends keyof WebClasses>(
  name: Name,
  source: unknown,
): source is WebClasses[Name] {
  const web: unknown = globalThis[name];
  return typeof web === "function" && source instanceof web;
}

async function openUrl(
  source: string | URL | Request,
  signal: AbortSignal | undefined,
): Promise<Opened> {
  return openResponse(await fetchSource(source, signal));
}

/** The answer to a request, whatever its status. */
export async function fetchSource(
  source: string | URL | Request,
  signal: AbortSignal | undefined,
): Promise<Response> {
  try {
    return await fetch(source, signal ? { signal } : {});
  } catch (cause) {
    signal?.throwIfAborted();
    const message = `Cannot fetch the model: ${messageOf(cause)}`;
    throw new LmuError("source-unreadable", message, { cause });
  }
}

function openResponse(response: Response): Opened {
  const refuse = (problem: string): never => {
    discard(response);
    throw new LmuError("source-unreadable", `Cannot fetch the model: the answer ${problem}`);
  };
  // 206 is a part of a file.
  if (!response.ok || response.status === 206) refuse(`is ${response.status}, expected 200`);
  const body = response.body ?? refuse("has no body");
  // A compressed answer's length is not that of its bytes.
  const length = response.headers.has("content-encoding")
    ? ""
    : (response.headers.get("content-length") ?? "");
  const total = /^\d+$/.test(length) ? Number(length) : undefined;
  return { total, pieces: streamPieces(body) };
}

/** Ends an answer that nobody reads, with its connection. */
export function discard(response: Response): void {
  if (!response.bodyUsed) response.body?.cancel().catch(() => undefined);
}

function openBytes(bytes: Uint8Array): Opened {
  return { total: bytes.length, pieces: onePiece(bytes) };
}

/** Where a path or URL leads, and what opens it there: node:fs, or nothing but a request. */
export function placeOf(source: string | URL): {
  readonly place: string | URL;
  readonly files: typeof fs | undefined;
} {
  const url = isUrl(source) ? source : absoluteUrl(source);
  const files = !url || url.protocol === "file:" ? fileSystem() : undefined;
  return { place: url ?? source, files };
}

/**
 * node:fs without an import that bundlers would stumble over; undefined where there are no files. Not node:fs/promises, which
 * loads fifteen modules that are not there yet: 1 ms of a start.
 *
 * @internal so that no declaration asks for the types of Node
 */
function fileSystem(): typeof fs | undefined {
  return globalThis.process?.getBuiltinModule?.("node:fs");
}

async function openFile(
  path: string | URL,
  files: typeof fs,
  signal: AbortSignal | undefined,
): Promise<Opened> {
  // A pipe may be waited for as long as nobody writes.
  const opening = promised<number>((done) => files.open(path, done));
  try {
    const file = await abortable(opening, signal);
    const stat = await promised<fs.Stats>((done) => files.fstat(file, done));
    // Only of files does the size say where they end.
    const total = stat.isFile() ? stat.size : undefined;
    return { total, pieces: filePieces(files, file, total) };
  } catch (cause) {
    opening.then((file) => files.close(file, () => undefined)).catch(() => undefined);
    signal?.throwIfAborted();
    const message = `Cannot open the model: ${messageOf(cause)}`;
    throw new LmuError("source-unreadable", message, { cause });
  }
}
