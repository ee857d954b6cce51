import { readFileSync } from "node:fs";
import { SourceMap, type SourceMapPayload } from "node:module";
import { fileURLToPath } from "node:url";

/*
 * For build/debug.wasm: says what an assertion says, and where in assembly it and every frame of a stack stands.
 */

const build = new URL("../../build/", import.meta.url);
const map = new SourceMap(
  JSON.parse(readFileSync(new URL("debug.wasm.map", build), "utf8")) as SourceMapPayload,
);

/**
 * Place in assembly of a byte of debug.wasm: the map is one line whose columns are bytes. The calls that the compiler adds
 * for a failed assertion have no place: it is that of the condition before them.
 */
function placeOf(byte: number): string | undefined {
  let entry = map.findEntry(0, byte);
  while ("generatedColumn" in entry && !entry.originalSource && entry.generatedColumn > 0) {
    entry = map.findEntry(0, entry.generatedColumn - 1);
  }
  if (!("originalSource" in entry) || !entry.originalSource?.startsWith("assembly/")) {
    return undefined;
  }
  const path = fileURLToPath(new URL(`../${entry.originalSource}`, build));
  return `${path}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
}

Error.prepareStackTrace = (error, sites) => {
  const frames = sites.map((site) => {
    const text = String(site);
    const [, byte] = /wasm-function\[\d+\]:0x([\da-f]+)/.exec(text) ?? [];
    const place = byte && placeOf(parseInt(byte, 16));
    return `\n    at ${place ? `${site.getFunctionName() ?? "wasm"} (${place})` : text}`;
  });
  return `${String(error)}${frames.join("")}`;
};

/** A text of AssemblyScript: UTF-16, its bytes counted in the word before. */
function textAt(memory: WebAssembly.Memory, at: number): string {
  if (!at) return "assertion failed";
  const bytes = new Uint32Array(memory.buffer, at - 4, 1)[0]!;
  return String.fromCharCode(...new Uint16Array(memory.buffer, at, bytes / 2));
}

// Release builds import nothing, so nobody passes imports.
WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
  construct(target, [module, imports]: [WebAssembly.Module, WebAssembly.Imports?]) {
    const abort = (message: number, file: number, line: number, column: number) => {
      const memory = instance.exports["memory"] as WebAssembly.Memory;
      const where = `${textAt(memory, file)}:${line}:${column}`;
      throw new Error(`${textAt(memory, message)} in ${where}`);
    };
    const instance = new target(module, imports ?? { env: { abort } });
    return instance;
  },
});
