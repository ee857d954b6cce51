import { readFile } from "node:fs/promises";
import { LmuError } from "../errors.js";
import type { LayerRequest, LoadOptions, Progress } from "../index.js";
import { printable } from "./text.js";

/** Options of every command that reads a model. */
export interface FileOptions {
  /** Path of a Keras configuration. */
  readonly config?: string | undefined;
  /** Layers of a state dict: JSON, or as an error suggests them, or the path of a file of either. */
  readonly layers?: string | undefined;
  /** How matrices are multiplied. */
  readonly weights?: LoadOptions["weights"];
}

/** The options of `load` that stand on the command line. */
export async function readOptions({ config, layers, weights }: FileOptions): Promise<LoadOptions> {
  return {
    ...(weights !== undefined && { weights }),
    ...(config !== undefined && { config: parse(await readFile(config, "utf8"), config) }),
    ...(layers !== undefined && { layers: (await readLayers(layers)) as LayerRequest[] }),
    ...(process.stderr.isTTY && { onProgress }),
  };
}

async function readLayers(text: string): Promise<unknown> {
  const isInline = /^\s*(\[|\{|load\()/.test(text);
  const list = isInline ? text : await readFile(text, "utf8");
  return parse(jsonOf(list), isInline ? "--layers" : text);
}

/**
 * The list in a call `load(source, { layers: [ … ] })` as JSON, which it may be already: names lose their comments and gain
 * quotes. What stands in quotes stays as it is.
 */
function jsonOf(text: string): string {
  const quoted = text.replace(
    /"(?:[^"\\]|\\.)*"|\/\/.*|([A-Za-z]\w*)(?=\s*:)/g,
    (token, name?: string) => (name ? `"${name}"` : token.startsWith("//") ? "" : token),
  );
  const json = quoted.replace(/"(?:[^"\\]|\\.)*"|,(?=\s*[\]}])/g, (token) =>
    token === "," ? "" : token,
  );
  return json.replace(/^\s*load\([^[]*|\}\s*\)[\s;]*$/g, "");
}

function parse(text: string, name: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new LmuError("format-invalid", `Cannot read ${name}: it is no valid JSON`, { cause });
  }
}

/** Large files only: small ones are there before a line is read. */
const LARGE = 16 << 20;

function onProgress({ file, loaded, total }: Progress): void {
  if ((total ?? loaded) < LARGE) return;
  const done =
    total === undefined ? `${loaded >> 20} MB` : `${Math.floor((100 * loaded) / total)} %`;
  process.stderr.write(`\r${printable(file)} ${done}${loaded === total ? "\n" : ""}`);
}
