import type * as fs from "node:fs/promises";
import { LmuError } from "../errors.js";
import { abortable, filePieces, messageOf, onePiece, type Opened, streamPieces } from "./pieces.js";
import { absoluteUrl, isUrl, type ReadOptions, type Source } from "./source.js";

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
