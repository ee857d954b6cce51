import { Budget } from "../source/budget.js";
import { takeAll } from "../source/gather.js";
import { abortable } from "../source/pieces.js";
import { openReader } from "../source/reader.js";
import { absoluteUrl, type ReadOptions, type Source, type SourceFiles } from "../source/source.js";
import type { SentSource } from "./protocol.js";

/** A source as it can be sent to another thread. */
interface Sendable {
  readonly source: SentSource;
  /** Buffers to hand over instead of copying. */
  readonly transfer: readonly ArrayBuffer[];
  /** It had to be read here: progress has been told. */
  readonly isRead: boolean;
}

/**
 * Makes a source fit to send. Addresses, blobs and bytes go as they are; answers and streams, which no worker can take
 * over everywhere, are read here, without work for this thread, and handed over.
 */
export async function sendable(
  source: Source | SourceFiles,
  options: ReadOptions,
): Promise<Sendable> {
  options.signal?.throwIfAborted();
  source = await abortable(Promise.resolve(source), options.signal);
  const keep = (value: SentSource): Sendable => ({ source: value, transfer: [], isRead: false });
  if (typeof source === "string") return keep(fullAddress(source));
  if (source instanceof URL) return keep(source.href);
  if (source instanceof ArrayBuffer) return keep(new Uint8Array(source));
  if (ArrayBuffer.isView(source)) {
    return keep(new Uint8Array(source.buffer, source.byteOffset, source.byteLength));
  }
  if (typeof Blob === "function" && source instanceof Blob) return keep(source);
  if (source instanceof Object && Object.getPrototypeOf(source) === Object.prototype) {
    return sendableFiles(source as SourceFiles, options);
  }
  const reader = await openReader(source as Source, options);
  try {
    const all = await takeAll(reader, new Budget(options.maxBytes));
    // A piece that came alone may be somebody's: only a copy of our own can be given away.
    const bytes = all.isOwn ? all.bytes : all.bytes.slice();
    return { source: bytes, transfer: [bytes.buffer as ArrayBuffer], isRead: true };
  } finally {
    reader.close();
  }
}

async function sendableFiles(files: SourceFiles, options: ReadOptions): Promise<Sendable> {
  const sent: Record<string, SentSource> = {};
  const transfer: ArrayBuffer[] = [];
  let isRead = false;
  for (const [name, file] of Object.entries(files)) {
    const one = await sendable(file, options);
    sent[name] = one.source;
    transfer.push(...one.transfer);
    isRead ||= one.isRead;
  }
  return { source: sent, transfer, isRead };
}

/** Relative addresses are the page's, not the worker script's. */
function fullAddress(source: string): string {
  const isPage = typeof document === "object";
  return isPage && !absoluteUrl(source) ? new URL(source, document.baseURI).href : source;
}
