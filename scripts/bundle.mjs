import { posix, relative, resolve } from "node:path";
import { build } from "esbuild";

/*
 * bindings → the JavaScript of dist. Few files, because hosts start faster on three than on forty, and every module in one
 * of them only, so that an LmuError is the same class everywhere: base.js is what a worker's or worklet's page needs too,
 * core.js the rest of what loads and runs a native model; beside them stand the entries, and what loads on demand. The
 * libraries that readers use are inside those, so that pages without a bundler find them.
 */

const OPTIONS = {
  bundle: true,
  format: "esm",
  target: "es2022",
  platform: "neutral",
  mainFields: ["module", "main"],
  minify: true,
  logLevel: "warning",
  external: ["node:*", "commander", "asciichart", "./lmu.wasm", "./lmu.wasm?module"],
};

/** Entries that take nothing from core.js: whoever wants only these loads only these. */
const ALONE = ["legendre", "runtime/kernel"];

/** Entries, and what core.js loads on demand: they take what they can from base.js and core.js. */
const SHARING = [
  "index",
  "index.workerd",
  "index.edge",
  "worker/worker",
  "worker/host",
  "worklet/worklet",
  "formats/foreign",
  "cli/main",
];

const source = (name) => resolve(`bindings/${name}.ts`);

/** Never shared: what differs between entries, what loads on demand, and the bytes of lmu.wasm. */
const OUTSIDE = /\/(index[.\w]*|api|inline|wasm-hex|foreign)\.ts$/;

/** The shared file of every module that is in one: its name without the ending. */
async function sharedModules() {
  const base = ["errors", "dispose", "source", "reader"].map((name) => [source(name), "base"]);
  const { metafile } = await build({
    ...OPTIONS,
    entryPoints: [source("load"), source("legendre")],
    outdir: "none",
    write: false,
    metafile: true,
    plugins: [onDemand()],
  });
  const all = Object.keys(metafile.inputs).map((path) => resolve(path));
  return new Map([...all.map((path) => [path, "core"]), ...base]);
}

/** Leaves imports on demand as they are. */
function onDemand() {
  return {
    name: "on demand",
    setup: ({ onResolve }) =>
      onResolve({ filter: /^\./ }, ({ kind, path }) =>
        kind === "dynamic-import" ? { path, external: true } : undefined,
      ),
  };
}

/** Takes shared modules, and the main entry, from their files; notes which modules were asked for. */
function sharing(output, shared, asked) {
  const up = posix.relative(posix.dirname(output), ".") || ".";
  const file = (name) => ({ path: `${up}/${name}.js`, external: true });
  return {
    name: "sharing",
    setup: ({ onResolve }) =>
      onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
        if (kind === "dynamic-import" && output === "core") return { path, external: true };
        if (kind === "entry-point" || !path.endsWith(".js")) return undefined;
        const module = resolve(resolveDir, path.replace(/\.js$/, ".ts"));
        if (module === source("index")) return file("index");
        const name = shared.get(module);
        if (!name || name === output || OUTSIDE.test(module)) return undefined;
        asked.get(name).add(module);
        return file(name);
      }),
  };
}

/** A text that re-exports everything of these modules. */
const exportsOf = (modules) =>
  [...modules].map((path) => `export * from "./${relative("bindings", path)}";\n`).join("");

/** Bundles everything into a folder. */
export async function bundle(outdir) {
  const common = { ...OPTIONS, outdir, outbase: "bindings" };
  const shared = await sharedModules();
  const asked = new Map([
    ["core", new Set()],
    ["base", new Set()],
  ]);
  for (const entry of SHARING) {
    await build({
      ...common,
      entryPoints: [source(entry)],
      splitting: true,
      chunkNames: `${posix.dirname(entry)}/[name]-[hash]`,
      plugins: [sharing(entry, shared, asked)],
    });
  }
  // core.js is asked first: it is one of those who ask for base.js.
  for (const [name, modules] of asked) {
    await build({
      ...OPTIONS,
      stdin: { contents: exportsOf(modules), resolveDir: resolve("bindings"), loader: "ts" },
      outfile: `${outdir}/${name}.js`,
      plugins: [sharing(name, shared, asked)],
    });
  }
  await build({ ...common, entryPoints: ALONE.map(source) });
}
