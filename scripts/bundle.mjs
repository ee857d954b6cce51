import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, posix, relative, resolve } from "node:path";
import { build } from "esbuild";
import { minify } from "terser";

/*
 * bindings → the JavaScript of dist. Every entry is one file that imports nothing, because a file costs a start 0.5 ms in
 * Node and a trip to the server in pages. Only what not everybody needs is apart: the full edition, the readers of foreign
 * formats and their libraries, and what the command's subcommands do.
 */

const ENTRIES = [
  ...["index", "index.workerd", "index.edge", "full", "full.workerd", "full.edge"],
  ...["worker/worker", "worker/host", "worklet/worklet", "readout/readout"],
  ...["language/language", "language/language.workerd", "language/language.edge"],
  "compiled/compiled",
  ...["legendre", "runtime/kernel"],
  ...["formats/foreign", "cli/main"],
];

/** Taken from their own files by whoever imports them. */
const APART = [
  ...["index", "full", "full.workerd", "full.edge"],
  ...["formats/foreign", "language/language"],
];

const source = (/** @type {string} */ name) => resolve(`bindings/${name}.ts`);

/** Where lmu.wasm comes from is all that these hosts change: the same source on another main entry. */
const HOST = /language(\.(workerd|edge))$/;

/** Leaves imports of what is apart, at its place in dist. @param {string} entry @returns {import("esbuild").Plugin} */
function apart(entry) {
  return {
    name: "apart",
    setup: ({ onResolve }) =>
      onResolve({ filter: /^\..*\.js$/ }, ({ path, resolveDir }) => {
        const module = resolve(resolveDir, path.replace(/\.js$/, ".ts"));
        const name = APART.find((one) => source(one) === module);
        if (!name) return undefined;
        const host = name === "index" ? (HOST.exec(entry)?.[1] ?? "") : "";
        const place = posix.relative(posix.dirname(entry), `${name}${host}.js`);
        return { path: place.startsWith(".") ? place : `./${place}`, external: true };
      }),
  };
}

/**
 * Characters after which lines end where the syntax lets them. Node prints the line of an error that nobody caught,
 * maps or not, which was 100 KB when the file was one line. index.js grows by 200 bytes of brotli with 1,000, by 390 with 300.
 */
const LINE = 1000;

/** Entries that carry bytes of wasm, and where these stand as text. @type {Readonly<Record<string, string>>} */
const HEX = { index: "wasm-hex", full: "full-hex" };

/**
 * Wasm as text, in a line of its own at the end: cut into lines of 300 characters it costs 490 bytes of brotli, and as a
 * line at the beginning 120, for brotli then learns the digits first. esbuild leaves a footer as it is.
 *
 * @param {string} entry
 */
const hexFooter = (entry) =>
  HEX[entry]
    ? readFileSync(`bindings/runtime/${HEX[entry]}.ts`, "utf8")
        .replace(/^\/\/.*\n/, "")
        .replace(/^export const wasmHex: string =\s*/, "const wasmHex=")
    : "";

/** Takes the import of that text away, so that its name means the footer's. @type {import("esbuild").Plugin} */
const fromFooter = {
  name: "wasm in the footer",
  setup: ({ onLoad }) =>
    onLoad({ filter: /\bbindings\/(index|full)\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace(/^import \{ wasmHex \}.*$/m, ""),
      loader: "ts",
    })),
};

/**
 * What terser may do: 550 bytes of brotli of index.js less than esbuild leaves. It must not inline functions: closures then share
 * contexts, and a stream that is kept held the memory of its disposed model; and V8 boxed numbers of every step by a time.
 *
 * @type {import("terser").MinifyOptions}
 */
const SHORT = {
  module: true,
  compress: {
    ...{ ecma: 2022, passes: 3, keep_fargs: false, sequences: false },
    ...{ inline: 0, reduce_funcs: false, hoist_funs: true },
  },
  format: { max_line_len: LINE, comments: false, ascii_only: true },
};

/**
 * Minifies a file into the folder that becomes dist. Maps name the sources, which are in the package once, instead of
 * repeating them: 0.55 MB of package instead of 0.83. Libraries are not in it, and have no maps.
 *
 * @param {import("esbuild").OutputFile} file
 * @param {string} map
 * @param {string} footer
 * @param {string} outdir
 */
async function write({ path, text }, map, footer, outdir) {
  const place = resolve(outdir, relative("dist", path));
  const sourceMap = map !== "" &&
    !map.includes("node_modules/") && {
      content: map,
      url: footer ? "" : `${basename(place)}.map`,
    };
  const short = await minify(text, { ...SHORT, sourceMap });
  const end = footer && `\n${footer}\n//# sourceMappingURL=${basename(place)}.map\n`;
  mkdirSync(dirname(place), { recursive: true });
  writeFileSync(place, short.code + end);
  if (short.map) writeFileSync(`${place}.map`, String(short.map));
}

/** Not worth a map, which is larger: what errors of it show is a line. */
const UNMAPPED = ["compiled/compiled"];

/** Bundles everything into a folder, which will be dist. @param {string} outdir */
export async function bundle(outdir) {
  for (const entry of ENTRIES) {
    const { outputFiles } = await build({
      entryPoints: [{ in: source(entry.replace(HOST, "language")), out: entry }],
      outdir: "dist",
      write: false,
      outbase: "bindings",
      bundle: true,
      splitting: true,
      chunkNames: `${posix.dirname(entry)}/[name]-[hash]`,
      format: "esm",
      target: "es2022",
      platform: "neutral",
      mainFields: ["module", "main"],
      dropLabels: ["ASSERT"],
      sourcemap: "linked",
      sourcesContent: false,
      logLevel: "warning",
      external: ["node:*", "commander", "asciichart", "*.wasm", "*.wasm?module"],
      plugins: [apart(entry), fromFooter],
    });
    const maps = new Map(
      outputFiles
        .filter(({ path }) => path.endsWith(".map"))
        .map(({ path, text }) => [path.replace(/\.map$/, ""), text]),
    );
    for (const file of outputFiles) {
      const map = maps.get(file.path);
      const isEntry = file.path.endsWith(`dist/${entry}.js`);
      if (!map) continue;
      const shown = UNMAPPED.includes(entry) ? "" : map;
      await write(file, shown, isEntry ? hexFooter(entry) : "", outdir);
    }
  }
  bundleWhole(`${outdir}/`);
}

/**
 * The worker for bundlers that make one classic script of it, as Vite does up to 7: they refuse scripts that import
 * something on demand, unless it is imported at the start, too.
 *
 * @param {string} outdir
 */
function bundleWhole(outdir) {
  const readers = readdirSync(`${outdir}formats`).filter((name) => name.endsWith(".js"));
  const apart = ["../full.js", ...readers.map((name) => `../formats/${name}`)];
  const paths = [...apart, "../language/language.js", "./host.js"];
  writeFileSync(`${outdir}worker/whole.js`, paths.map((path) => `import "${path}";\n`).join(""));
  const page = readFileSync(`${outdir}worker/worker.js`, "utf8");
  writeFileSync(`${outdir}worker/worker.module.js`, page.replaceAll(`"./host.js"`, `"./whole.js"`));
}
