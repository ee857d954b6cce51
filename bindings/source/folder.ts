import type * as fs from "node:fs";
import { discard, fetchSource, placeOf } from "./open.js";
import { promised } from "./pieces.js";
import type { openReader, SourceReader } from "./reader.js";
import { isUrl, type ReadOptions, type Source, type SourceFiles } from "./source.js";

/** Finds a file of a set; undefined when there is none of that name. */
export type Find = (name: string) => Promise<SourceReader | undefined>;

/** Several files: a folder by path or URL, or sources by name. */
export type FileSet = string | URL | SourceFiles;

/** Whether a source is several files. */
export async function isSet(source: Source | SourceFiles): Promise<boolean> {
  if (typeof source === "string" || isUrl(source)) {
    const { place, files } = placeOf(source);
    if (!files) return /^[^?#]*\/$/.test(String(source));
    return promised<fs.Stats>((done) => files.stat(place, done)).then(
      (stat) => stat.isDirectory(),
      () => false,
    );
  }
  const isPlain = source && Object.getPrototypeOf(source) === Object.prototype;
  return isPlain && Object.keys(source).length > 0;
}

/** How to find files of a set. @param open - opens them: passed, for who finds them is loaded on demand */
export function finderOf(source: FileSet, options: ReadOptions, open: typeof openReader): Find {
  if (typeof source !== "string" && !isUrl(source)) {
    const sources = new Map(Object.entries(source));
    return async (name) =>
      sources.has(name) ? open(sources.get(name)!, options, name) : undefined;
  }
  const { place, files } = placeOf(source);
  if (!files) return (name) => openPage(`${String(source)}${name}`, options, open);
  const base = String(source).replace(/\/$/, "");
  return async (name) => {
    const path = `${base}/${name}`;
    const file = isUrl(place) ? new URL(path) : path;
    const isThere = await promised((done) => files.stat(file, done)).then(
      () => true,
      () => false,
    );
    return isThere ? open(file, options) : undefined;
  };
}

/** A page, or undefined where the server has none. */
async function openPage(
  address: string,
  options: ReadOptions,
  open: typeof openReader,
): Promise<SourceReader | undefined> {
  const response = await fetchSource(address, options.signal);
  if (response.status !== 404) return open(response, options, address);
  discard(response);
  return undefined;
}
