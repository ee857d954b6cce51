import { realpath, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { STANDARD } from "./input.js";
import { openTarget } from "./target.js";

/**
 * Refuses to write over what is being read: whoever types one name twice would lose the model.
 *
 * @throws RangeError if both are one file, or the output is a file of the folder that is read
 */
export async function expectApart(from: string, to: string): Promise<void> {
  if (from === STANDARD || to === STANDARD) return;
  const paths = [from, to].map((path) => realpath(path).catch(() => undefined));
  const [source, target] = await Promise.all(paths);
  if (source === undefined || target === undefined) return;
  const [read, written] = await Promise.all([stat(source), stat(target)]);
  const isSame = read.isFile() && read.dev === written.dev && read.ino === written.ino;
  if (isSame || (read.isDirectory() && dirname(target) === source)) {
    throw new RangeError(`Cannot write ${to}: it is the model that is read, expected another file`);
  }
}

/**
 * Writes a file, or the standard output. Beside its place at first: what was there stays whole until all is written.
 *
 * @throws Error with the code of the system if it cannot be written; RangeError for a terminal
 */
export async function write(to: string, bytes: Uint8Array): Promise<void> {
  if (to === STANDARD && process.stdout.isTTY) {
    throw new RangeError("Cannot write the model: the standard output is a terminal");
  }
  const target = await openTarget(to);
  try {
    await target.write(bytes);
    await target.end();
  } catch (error) {
    await target.abort();
    throw error;
  }
}
