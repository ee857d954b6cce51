import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { posix, resolve } from "node:path";
import { build } from "esbuild";

/*
 * bindings → the JavaScript of dist. Every entry is one file that imports nothing, because a file costs a start 0.5 ms in
 * Node and a trip to the server in pages. Only what not everybody needs is apart: the readers of foreign formats and their
 * libraries, and what the command's subcommands do.
 */

const ENTRIES = [
  ...["index", "index.workerd", "index.edge"],
  ...["worker/worker", "worker/host", "worklet/worklet", "legendre", "runtime/kernel"],
  ...["formats/foreign", "cli/main"],
];

/** Taken from their own files by whoever imports them. */
const APART = ["index", "formats/foreign"];

const source = (name) => resolve(`bindings/${name}.ts`);

/** Leaves imports of what is apart, at its place in dist. */
function apart(entry) {
  return {
    name: "apart",
    setup: ({ onResolve }) =>
      onResolve({ filter: /^\..*\.js$/ }, ({ path, resolveDir }) => {
        const module = resolve(resolveDir, path.replace(/\.js$/, ".ts"));
        const name = APART.find((one) => source(one) === module);
        if (!name) return undefined;
        const place = posix.relative(posix.dirname(entry), `${name}.js`);
        return { path: place.startsWith(".") ? place : `./${place}`, external: true };
      }),
  };
}

/**
 * Characters after which esbuild ends a line where a module lets it. Node prints the line of an error that nobody caught:
 * 100 KB if the file is one line, now 10 at most. Shorter lines cost bytes: 30 of brotli with 2000, which leaves a line of
 * 12 KB, 120 with 1500.
 */
const LINE = 1500;

/** Bundles everything into a folder. */
export async function bundle(outdir) {
  for (const entry of ENTRIES) {
    await build({
      entryPoints: [source(entry)],
      outdir,
      outbase: "bindings",
      bundle: true,
      splitting: true,
      chunkNames: `${posix.dirname(entry)}/[name]-[hash]`,
      format: "esm",
      target: "es2022",
      platform: "neutral",
      mainFields: ["module", "main"],
      minify: true,
      lineLimit: LINE,
      logLevel: "warning",
      external: ["node:*", "commander", "asciichart", "./lmu.wasm", "./lmu.wasm?module"],
      plugins: [apart(entry)],
    });
  }
  bundleWhole(`${outdir}/`);
}

/**
 * The worker for bundlers that make one classic script of it, as Vite does up to 7: they refuse scripts that import
 * something on demand, unless it is imported at the start, too.
 */
function bundleWhole(outdir) {
  const readers = readdirSync(`${outdir}formats`).filter((name) => name.endsWith(".js"));
  const paths = [...readers.map((name) => `../formats/${name}`), "./host.js"];
  writeFileSync(`${outdir}worker/whole.js`, paths.map((path) => `import "${path}";\n`).join(""));
  const page = readFileSync(`${outdir}worker/worker.js`, "utf8");
  writeFileSync(`${outdir}worker/worker.module.js`, page.replaceAll(`"./host.js"`, `"./whole.js"`));
}
