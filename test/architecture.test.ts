import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

/*
 * The drawing in ARCHITECTURE.md, as a list: a file may import from its own row and from rows below.
 */

const BINDINGS = [
  ["cli", "worker", "worklet"],
  ["index", "api"],
  ["model"],
  ["formats"],
  ["source", "plan"],
  ["validate"],
  ["activations"],
  ["description"],
  ["tensor", "legendre"],
  ["runtime"],
  ["errors", "dispose", "inspect", "utf8"],
];

const ASSEMBLY = [["index"], ["plan"], ["layers"], ["matrix", "state"], ["kernels"], ["simd"]];

const root = fileURLToPath(new URL("..", import.meta.url));

interface Source {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

/** Every TypeScript file below a folder, with what it imports, as paths from that folder. */
function sources(folder: string): Source[] {
  return readdirSync(posix.join(root, folder), { recursive: true })
    .map(String)
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"))
    .map((path) => {
      const text = readFileSync(posix.join(root, folder, path), "utf8");
      const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+\.js)"/g)].map(
        (m) => m[1]!,
      );
      return {
        path,
        text,
        imports: specifiers.map((name) => posix.join(posix.dirname(path), name)),
      };
    });
}

/** Row of a path: its first folder, or its name. */
function rowOf(rows: readonly (readonly string[])[], path: string): number {
  const name = path.split("/")[0]!.replace(/\..*$/, "");
  return rows.findIndex((row) => row.includes(name));
}

describe.each([
  ["bindings", BINDINGS],
  ["assembly", ASSEMBLY],
] as const)("%s", (folder, rows) => {
  test.each(sources(folder).map((source) => [source.path, source] as const))(
    "%s imports only downwards",
    (path, source) => {
      const row = rowOf(rows, path);
      expect(row, `${path} has a row`).toBeGreaterThanOrEqual(0);
      for (const target of source.imports) {
        const below = rowOf(rows, target);
        expect(below, `${path} imports ${target}`).toBeGreaterThanOrEqual(row);
      }
    },
  );
});

describe("three rules", () => {
  const all = sources("bindings");

  test("one folder touches WebAssembly", () => {
    const code = (text: string) => text.replace(/\/\*[^]*?\*\/|\/\/.*|"[^"]*"/g, "");
    const touching = all.filter(({ text }) => /\bWebAssembly\b/.test(code(text)));
    expect(touching.map(({ path }) => posix.dirname(path))).toEqual(touching.map(() => "runtime"));
  });

  test("formats know no wasm", () => {
    for (const { path, imports } of all.filter(({ path }) => path.startsWith("formats/"))) {
      for (const target of imports) {
        expect(target, path).not.toMatch(/^(engine|model|plan|stream|runtime)/);
      }
    }
  });

  test("kernels know no layers, layers no instructions, nothing the host's mathematics", () => {
    for (const { path, text, imports } of sources("assembly")) {
      if (path.startsWith("kernels/")) {
        for (const target of imports) expect(target, path).toMatch(/^(kernels|simd)\//);
      }
      if (path.startsWith("layers/")) expect(text, path).not.toMatch(/\b(v128|[fi]\d+x\d+)\b/);
      expect(text, path).not.toMatch(/\bMathf?\.\w/);
    }
  });

  test("the entry imports no package, and nothing that needs one but on demand", () => {
    const reached = new Set<string>(["index.ts"]);
    const byPath = new Map(all.map((source) => [source.path, source]));
    for (const path of reached) {
      const { text } = byPath.get(path)!;
      const found = [...text.matchAll(/^(?:import|export)(?! type)[^;]*? from "([^"]+)";/gm)];
      for (const [, specifier] of found) {
        expect(specifier, path).toMatch(/^\./);
        reached.add(posix.join(posix.dirname(path), specifier!).replace(/\.js$/, ".ts"));
      }
    }
    expect(reached.size).toBeGreaterThan(10);
    expect([...reached].filter((path) => /keras|hdf5|zip|torch/.test(path))).toEqual([]);
  });
});
