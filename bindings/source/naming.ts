import { LmuError } from "../errors.js";

/** Characters of a name in a message: a data URL is all of its file. */
const MAX_NAME = 160;

/** A name for a message: without its middle where it is long. */
export function shortName(name: string): string {
  if (name.length <= MAX_NAME) return name;
  return `${name.slice(0, MAX_NAME / 2)}…${name.slice(-MAX_NAME / 2)}`;
}

/** How a message begins that names no file yet, and what it says to be done with one. */
const UNNAMED = /^(?:(Cannot \w+) the model: |C(?!annot (open|fetch|load) ))/;

/**
 * Does something with a file. Errors of the library that come out say which: `Cannot load <name>: …`.
 *
 * @param name - "" for what has none, as bytes and streams
 */
export async function naming<T>(name: string, work: () => Promise<T> | T): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!name || !(cause instanceof LmuError)) throw cause;
    const [text, ...lines] = cause.message.split("\n") as [string, ...string[]];
    const short = shortName(name);
    const named = text.replace(UNNAMED, (_, action?: string) =>
      action ? `${action} ${short}: ` : `Cannot load ${short}: c`,
    );
    if (named === text) throw cause;
    throw new LmuError(cause.code, named, { cause, lines });
  }
}
