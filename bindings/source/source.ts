/**
 * Anything a model can be read from. A string that begins with http:, https:, data:, blob: or file: is a URL; any other is
 * a path in Node, Deno and Bun, and elsewhere a URL relative to the page.
 */
export type Source = SourceValue | Promise<SourceValue>;

/** A {@link Source} that is here already. Responses and streams are consumed. */
export type SourceValue =
  | string
  | URL
  | Request
  | Response
  | Blob
  | ArrayBuffer
  | ArrayBufferView
  | ReadableStream<Uint8Array>;

/**
 * Several files that are one model, by their names: `{ "config.json": …, "model.weights.h5": … }`.
 *
 * Read are `config.json`, if it is there, and the weights: the shards that `model.safetensors.index.json` names, or else
 * the first there is of `model.safetensors`, `model.weights.h5`, `model.keras`, `pytorch_model.bin`, or the shards that
 * `pytorch_model.bin.index.json` names.
 */
export interface SourceFiles {
  /** One file, by its name. */
  readonly [name: string]: Source;
}

/** Progress of a load, in bytes of the file. */
export interface Progress {
  /** Name of the file, as far as it has one. */
  readonly file: string;
  /** Bytes read so far. */
  readonly loaded: number;
  /** Bytes in all; undefined when the source does not say. */
  readonly total: number | undefined;
}

/** Options of reading: whatever the format. */
export interface ReadOptions {
  /** Aborts the load; its reason is thrown as it is. */
  signal?: AbortSignal | undefined;
  /**
   * Called after every piece read.
   *
   * @param progress - how far the file is
   */
  onProgress?: ((progress: Progress) => void) | undefined;
  /**
   * Most bytes to hold in memory while loading, over all files and what archives inflate to. Native files stream into the
   * model and need no more than their header. @defaultValue 2 GiB
   */
  maxBytes?: number | undefined;
}

/** AudioWorklets have no URL. */
export function isUrl(source: unknown): source is URL {
  return typeof URL === "function" && source instanceof URL;
}

/** A URL that says how to get there; undefined for paths and relative ones, and broken ones, which nothing opens. */
export function absoluteUrl(text: string): URL | undefined {
  if (!/^(https?|data|blob|file):/i.test(text)) return undefined;
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
