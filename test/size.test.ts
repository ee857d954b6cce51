import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";

/*
 * What a page downloads. A bound is a promise, and stands 2 to 3 % above what is: a change that breaks it saves the bytes
 * elsewhere, or raises it in a commit of its own that says what the bytes buy. Who saves bytes lowers it.
 */

const BROTLI: readonly (readonly [entry: string, bytes: number])[] = [
  ["index.js", 32_000],
  ["index.workerd.js", 27_050],
  ["index.edge.js", 27_050],
  ["full.js", 25_200],
  ["full.workerd.js", 12_300],
  ["full.edge.js", 12_300],
  ["worker/worker.js", 8_400],
  ["worker/host.js", 34_300],
  ["worklet/worklet.js", 3_250],
  ["worklet/processor.js", 1_785],
  ["readout/readout.js", 3_400],
  ["language/language.js", 39_200],
  ["compiled/compiled.js", 600],
  ["legendre.js", 1_850],
  ["runtime/kernel.js", 290],
  ["formats/foreign.js", 46_200],
];

const WASM_GZIP: Readonly<Record<string, number>> = { "lmu.wasm": 5_720, "lmu-full.wasm": 13_500 };

const dist = fileURLToPath(new URL("../dist/", import.meta.url));

/** Bytes of brotli of an entry, minified, with all it imports but what it loads on demand. */
async function brotliOf(entry: string): Promise<number> {
  const { outputFiles } = await build({
    entryPoints: [dist + entry],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    write: false,
    external: ["node:*", "*.wasm", "*.wasm?module"],
    plugins: [
      {
        name: "on demand",
        setup: ({ onResolve }) =>
          onResolve({ filter: /./ }, ({ kind, path }) =>
            kind === "dynamic-import" ? { path, external: true } : undefined,
          ),
      },
    ],
  });
  return brotliCompressSync(outputFiles[0]!.contents).length;
}

/** A bound far above what is would not notice what it is there for. */
function expectClose(bytes: number, bound: number): void {
  expect(bytes).toBeLessThanOrEqual(bound);
  expect(bytes, `the bound ${bound} has too much room`).toBeGreaterThan(bound / 1.05);
}

describe("budgets in bytes", () => {
  test.each(BROTLI)("%s: %i of brotli", async (entry, bound) => {
    expectClose(await brotliOf(entry), bound);
  });

  test("the main entry: no more than 32,000, whatever the bound above", () => {
    expect(new Map(BROTLI).get("index.js")).toBeLessThanOrEqual(32_000);
  });

  test.each(Object.entries(WASM_GZIP))("%s: %i of gzip", (name, bound) => {
    expectClose(gzipSync(readFileSync(dist + name), { level: 9 }).length, bound);
  });

  test("the audio processor: one file without imports", () => {
    const text = readFileSync(`${dist}worklet/processor.js`, "utf8");
    expect(text).not.toMatch(/\b(import|export)\b/);
  });

  test.each([
    "index.js",
    "full.js",
    "formats/foreign.js",
    "worker/worker.js",
    "worklet/worklet.js",
  ])("%s: no line above 1,700 characters, for Node prints the one that throws", (entry) => {
    const text = readFileSync(dist + entry, "utf8");
    // But for lmu.wasm and the audio processor, texts in which nothing throws.
    const code = text.replace(/"[0-9a-f]{9999,}"|'[^'\n]{3000,}'/, "").split("\n");
    expect(Math.max(...code.map(({ length }) => length))).toBeLessThanOrEqual(1_700);
  });
});
