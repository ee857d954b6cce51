import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { build } from "esbuild";
import { findRuntime } from "../../test/runtimes/programs.mjs";

/*
 * workerd's clocks stand still while code runs, so that nobody can time a neighbour. What can be timed is a process: one
 * that loads a model and steps, less one with the same modules beside it that does nothing.
 */

const MAIN = `import bytes from "./model.bin";
import { start } from "./start.mjs";

export default {
  async test() {
    const output = await start(new Uint8Array(bytes));
    if (!output.every(Number.isFinite)) throw new Error("the outputs are not finite");
  },
};
`;
const EMPTY = "export default { async test() {} };\n";

const config = (main, modules) => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [(name = "main", worker = .worker)]);
const worker :Workerd.Worker = (
  compatibilityDate = "2026-06-01",
  modules = [
    (name = "${main}", esModule = embed "${main}"),
${modules.map(([name, kind]) => `    (name = "./${name}", ${kind} = embed "${name}"),\n`).join("")}  ],
);
`;

/** Bundles start.mjs of a folder as wrangler does: one minified script, .wasm beside it. */
async function bundle(folder) {
  const out = join(folder, "workerd");
  mkdirSync(out, { recursive: true });
  writeFileSync(join(folder, "worker.js"), MAIN);
  await build({
    entryPoints: [join(folder, "worker.js")],
    outdir: out,
    bundle: true,
    minify: true,
    format: "esm",
    conditions: ["workerd"],
    loader: { ".wasm": "copy", ".bin": "copy" },
    assetNames: "[name]",
    logLevel: "error",
  });
  writeFileSync(join(out, "empty.js"), EMPTY);
  const kinds = { "lmu.wasm": "wasm", "lmu-full.wasm": "wasm", "model.bin": "data" };
  const modules = Object.entries(kinds).filter(([name]) => existsSync(join(out, name)));
  writeFileSync(join(out, "full.capnp"), config("worker.js", modules));
  writeFileSync(join(out, "empty.capnp"), config("empty.js", []));
  return out;
}

/** workerd as a host; undefined where it is not installed. */
export function findWorkerd() {
  const path = findRuntime("workerd");
  if (!path) return undefined;
  const bundles = new Map();
  const time = (folder, name) => {
    const before = performance.now();
    const { status, stderr } = spawnSync(path, ["test", name], { cwd: folder, encoding: "utf8" });
    if (status !== 0) throw new Error(`workerd ended with ${status}: ${stderr}`);
    return performance.now() - before;
  };
  return {
    name: "workerd, by difference",
    kinds: ["workerd"],
    async sample(folder) {
      if (!bundles.has(folder)) bundles.set(folder, await bundle(folder));
      const empty = time(bundles.get(folder), "empty.capnp");
      const process = time(bundles.get(folder), "full.capnp");
      return { milliseconds: process - empty, process };
    },
  };
}
