import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { SourceValue } from "../index.js";

/** The name that stands for the standard input and output. */
export const STANDARD = "-";

/** What a path of the command line is to `load`: - is the standard input, and pipes are read to their end. */
export async function input(path: string): Promise<SourceValue> {
  if (path === STANDARD) return streamOf(process.stdin);
  const found = await stat(path).catch(() => undefined);
  // Pipes have no length that could be checked, and each gives its bytes once.
  return found && !found.isFile() && !found.isDirectory() ? streamOf(createReadStream(path)) : path;
}

/** All bytes of a file, or of the standard input. */
export async function inputBytes(path: string): Promise<Uint8Array> {
  return path === STANDARD ? buffer(process.stdin) : readFile(path);
}

function streamOf(stream: Readable): ReadableStream<Uint8Array> {
  return Readable.toWeb(stream) as ReadableStream<Uint8Array>;
}
