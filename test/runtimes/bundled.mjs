import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { run } from "./child.mjs";
import { outcomesOf } from "./outcomes.mjs";
import { findRuntime } from "./programs.mjs";
import { versionOf } from "./servers.mjs";

/*
 * Engines that take bundles.
 */

/** Files by context. */
const WORKERD_FILES = { workerd: "workerd", "lmu-wasm/compiled": "compiled-workerd" };

/** workerd compiles no bytes: the condition of its name leads to lmu.wasm as a module of its own. */
const WORKERD = {
  name: "workerd",
  contexts: Object.keys(WORKERD_FILES),
  find: () => findRuntime("workerd"),
  versionOf,
  run: (program, consumer) =>
    outcomesOf(WORKERD.contexts, async (context) => {
      const file = WORKERD_FILES[context];
      const outdir = join(consumer.home, file);
      await bundle(consumer, [`${file}.mjs`, `${file}.capnp`], {
        outdir,
        format: "esm",
        outExtension: { ".js": ".mjs" },
        conditions: ["workerd"],
        plugins: [withoutBytes],
        loader: { ".wasm": "copy", ".capnp": "copy" },
        assetNames: "[name]",
      });
      return run(program, ["test", `${file}.capnp`], { ...consumer, cwd: outdir });
    }),
};

/** The two ways into Vercel's edge runtime: as it is, and as Next.js builds it. */
const EDGE_CONDITIONS = { import: [], "edge-light": ["edge-light"] };

const host = fileURLToPath(new URL("edge-host.mjs", import.meta.url));

const EDGE = {
  name: "edge-runtime",
  contexts: Object.keys(EDGE_CONDITIONS),
  find: () => host,
  versionOf: () => createRequire(import.meta.url)("edge-runtime/package.json").version,
  run: (_, consumer) =>
    outcomesOf(EDGE.contexts, async (context) => {
      const outfile = join(consumer.home, `${context}.js`);
      const conditions = EDGE_CONDITIONS[context];
      await bundle(consumer, ["edge.mjs"], {
        outfile,
        format: "iife",
        conditions,
        plugins: conditions.length ? [compiled, withoutBytes] : [],
      });
      return run(process.execPath, [host, outfile], consumer);
    }),
};

function bundle({ cwd }, entryPoints, options) {
  return build({ absWorkingDir: cwd, bundle: true, logLevel: "silent", entryPoints, ...options });
}

/** Stands in for Next.js, which makes a compiled module of every import that ends in ?module. */
const compiled = {
  name: "compiled",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\.wasm\?module$/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path.replace("?module", "")),
      namespace: "compiled",
    }));
    onLoad({ filter: /./, namespace: "compiled" }, ({ path }) => ({
      contents: `export default new WebAssembly.Module(Uint8Array.of(${[...readFileSync(path)]}));`,
    }));
  },
};

/** Beginning of lmu.wasm, as text. */
const MAGIC = "0061736d01000000";

/** A bundle that has lmu.wasm as a module must not carry it a second time, as text. */
const withoutBytes = {
  name: "without-bytes",
  setup({ onLoad }) {
    const errors = [{ text: "the bundle holds lmu.wasm as text" }];
    onLoad({ filter: /\.js$/ }, ({ path }) =>
      readFileSync(path, "utf8").includes(MAGIC) ? { errors } : undefined,
    );
  },
};

export const BUNDLED = [WORKERD, EDGE];
