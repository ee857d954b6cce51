import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { SourceValue } from "../index.js";
import { decodeUtf8 } from "../utf8.js";

/** The name that stands for the standard input and output. */
export const STANDARD = "-";

/** What a path of the command line is to `load`: - is the standard input, and pipes are read to their end. */
export async function input(path: string): Promise<SourceValue> {
  if (path === STANDARD) return streamOf(process.stdin);
  const found = await stat(path).catch(() => undefined);
  // Pipes have no length that could be checked, and each gives its bytes once.
  return found && !found.isFile() && !found.isDirectory() ? streamOf(createReadStream(path)) : path;
}

/**
 * The standard input gives one of a model and what goes into it.
 *
 * @throws RangeError
 */
export function expectOneStandard(action: string, model: string, name: string, path: string): void {
  if (model === STANDARD && path === STANDARD) {
    throw new RangeError(`Cannot ${action}: model and ${name} are both the standard input`);
  }
}

/** All bytes of a file, or of the standard input. */
export async function inputBytes(path: string): Promise<Uint8Array> {
  return path === STANDARD ? buffer(process.stdin) : readFile(path);
}

/**
 * A file, or the standard input, as text.
 *
 * @throws RangeError if it is not in UTF-8
 */
export async function inputText(path: string): Promise<string> {
  const bytes = await inputBytes(path);
  try {
    return decodeUtf8(bytes);
  } catch {
    const name = path === STANDARD ? "the standard input" : path;
    throw new RangeError(
      `Cannot read ${name}: it is no text in UTF-8, expected one: iconv -t utf-8`,
    );
  }
}

function streamOf(stream: Readable): ReadableStream<Uint8Array> {
  return Readable.toWeb(stream) as ReadableStream<Uint8Array>;
}
