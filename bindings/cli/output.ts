import { randomUUID } from "node:crypto";
import { realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { STANDARD } from "./input.js";

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
  if (to === STANDARD) return writeStandard(bytes);
  try {
    const target = await realpath(to).catch(() => to);
    const old = await stat(target).catch(() => undefined);
    if (old && !old.isFile()) await writeFile(target, bytes);
    else await replace(target, bytes, old?.mode);
  } catch (cause) {
    const { message, code } = cause as NodeJS.ErrnoException;
    throw Object.assign(new Error(`Cannot write ${to}: ${message}`, { cause }), { code });
  }
}

async function replace(target: string, bytes: Uint8Array, mode = 0o666): Promise<void> {
  const part = `${target}.${randomUUID()}.part`;
  try {
    await writeFile(part, bytes, { flag: "wx", mode });
    await rename(part, target);
  } catch (cause) {
    await rm(part, { force: true });
    throw cause;
  }
}

function writeStandard(bytes: Uint8Array): Promise<void> {
  if (process.stdout.isTTY) {
    throw new RangeError("Cannot write the model: the standard output is a terminal");
  }
  return new Promise((resolve, reject) => {
    process.stdout.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}
