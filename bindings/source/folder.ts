import { discard, fetchSource, fileSystem } from "./open.js";
import { openReader, type SourceReader } from "./reader.js";
import { absoluteUrl, isUrl, type ReadOptions, type Source, type SourceFiles } from "./source.js";

/** Finds a file of a set; undefined when there is none of that name. */
export type Find = (name: string) => Promise<SourceReader | undefined>;

/** How to find files of a set; undefined when the source is a single file. */
export async function finderOf(
  source: Source | SourceFiles,
  options: ReadOptions,
): Promise<Find | undefined> {
  if (typeof source === "string" || isUrl(source)) return folderOf(source, options);
  if (typeof source !== "object" || source === null) return undefined;
  if (Object.getPrototypeOf(source) !== Object.prototype) return undefined;
  const files = new Map(Object.entries(source as SourceFiles));
  if (files.size === 0) return undefined;
  return async (name) =>
    files.has(name) ? openReader(files.get(name)!, options, name) : undefined;
}

/** A folder by path or URL. */
async function folderOf(source: string | URL, options: ReadOptions): Promise<Find | undefined> {
  const url = isUrl(source) ? source : absoluteUrl(source);
  const files = !url || url.protocol === "file:" ? fileSystem() : undefined;
  if (files) {
    const isFolder = await files.stat(url ?? source).then(
      (stat) => stat.isDirectory(),
      () => false,
    );
    if (!isFolder) return undefined;
    const base = String(source).replace(/\/$/, "");
    const pathOf = (name: string) => (url ? new URL(`${base}/${name}`) : `${base}/${name}`);
    return async (name) => {
      const isThere = await files.stat(pathOf(name)).then(
        () => true,
        () => false,
      );
      return isThere ? openReader(pathOf(name), options) : undefined;
    };
  }
  if (!/^[^?#]*\/$/.test(String(source))) return undefined;
  return (name) => openPage(`${String(source)}${name}`, options);
}

/** A page, or undefined where the server has none. */
async function openPage(address: string, options: ReadOptions): Promise<SourceReader | undefined> {
  const response = await fetchSource(address, options.signal);
  if (response.status !== 404) return openReader(response, options, address);
  discard(response);
  return undefined;
}
