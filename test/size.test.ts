import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";

/*
 * What a page downloads. A budget is a promise: a change that breaks it must save the bytes elsewhere.
 */

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

describe("budgets in bytes", () => {
  test("core, which runs any native model: 26 KB brotli", async () => {
    expect(await brotliOf("index.js")).toBeLessThanOrEqual(26_000);
  });

  test("worker: 5 KB brotli, for it checks arguments on the page; worklet: 4 KB", async () => {
    expect(await brotliOf("worker/worker.js")).toBeLessThanOrEqual(5_000);
    expect(await brotliOf("worklet/worklet.js")).toBeLessThanOrEqual(4_000);
  });

  test("lmu.wasm: 16 KB gzip", () => {
    const wasm = readFileSync(`${dist}lmu.wasm`);
    expect(gzipSync(wasm, { level: 9 }).length).toBeLessThanOrEqual(16_000);
  });

  test("the audio processor: one file without imports", () => {
    const text = readFileSync(`${dist}worklet/processor.js`, "utf8");
    expect(text).not.toMatch(/\b(import|export)\b/);
  });

  test.each(["index.js", "formats/foreign.js", "worker/worker.js", "worklet/worklet.js"])(
    "%s: no line above 1,200 characters, for Node prints the one that throws",
    (entry) => {
      const lines = readFileSync(dist + entry, "utf8").split("\n");
      // But for lmu.wasm, where nothing throws.
      const code = lines.filter((line) => !/^const wasmHex="[0-9a-f]+";$/.test(line));
      expect(Math.max(...code.map(({ length }) => length))).toBeLessThanOrEqual(1_200);
    },
  );
});
