import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./child.mjs";
import { compileModels } from "./compiled.mjs";
import { moduleOf, MODELS } from "./models.mjs";
import { addressesOf } from "./package.mjs";

/*
 * A project that has installed the package as npm would have published it, made without a network.
 */

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * @typedef {object} Consumer
 * @property {string} cwd - folder of the project
 * @property {string} home - folder for whatever engines like to keep
 * @property {string} installed - folder of the package in it
 * @property {{ name: string, version: string }} manifest
 * @property {Record<string, string>} compiled - digests to expect of compiled models
 * @property {() => void} remove
 */

/** @param {boolean} hasPages - whether it has what browsers open @returns {Promise<Consumer>} */
export async function makeConsumer(hasPages = true) {
  const place = mkdtempSync(join(tmpdir(), "lmu-wasm-runtimes-"));
  const remove = () => rmSync(place, { recursive: true, force: true, maxRetries: 5 });
  process.once("exit", remove);
  const [cwd, home] = [join(place, "project"), join(place, "home")];
  const modules = join(cwd, "node_modules");
  mkdirSync(home);
  cpSync(new URL("scenario", import.meta.url), cwd, { recursive: true });
  // If something fails, programs may still be writing here: the exit removes it, when they have ended.
  const installed = await install(modules, { cwd: root, home });
  const manifest = readManifest(installed);
  if (!existsSync(join(installed, manifest.main))) throw new Error("not built: npm run build");
  copyDependencies(manifest, modules);
  writeProject(cwd);
  if (hasPages) await writePage({ cwd, home, installed, modules });
  const compiled = await compileModels({ cwd, home });
  return { cwd, home, installed, manifest, compiled, remove };
}

/** Packs the built package and unpacks it where npm would; gives its folder. */
async function install(modules, options) {
  const { home } = options;
  const env = { npm_config_update_notifier: "false" };
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", home];
  const [{ name, filename }] = JSON.parse(await run("npm", args, { ...options, env }));
  const installed = join(modules, name);
  mkdirSync(installed, { recursive: true });
  const tar = ["-xzf", join(home, filename), "-C", installed, "--strip-components", "1"];
  await run("tar", tar, options);
  return installed;
}

export function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

/** What the package depends on, and what that depends on, from this checkout. */
function copyDependencies({ dependencies = {} }, modules) {
  for (const name of Object.keys(dependencies)) {
    const from = join(root, "node_modules", name);
    cpSync(from, join(modules, name), { recursive: true, dereference: true });
    copyDependencies(readManifest(from), modules);
  }
}

/** What the scenario does not bring along. */
function writeProject(cwd) {
  const write = (name, text) => writeFileSync(join(cwd, name), text);
  write("package.json", JSON.stringify({ private: true, type: "module" }));
  write("deno.json", JSON.stringify({ nodeModulesDir: "manual" }));
  write(
    "models.mjs",
    moduleOf(({ file }) => join(root, file)),
  );
}

/** The page, and the models of its threads. */
async function writePage({ cwd, home, installed, modules }) {
  const write = (name, text) => writeFileSync(join(cwd, name), text);
  write("native.mjs", moduleOf(await convert(installed, { cwd, home })));
  const imports = JSON.stringify({ imports: addressesOf(modules) });
  write(
    "page.html",
    `<!doctype html><meta charset="utf-8" /><script type="importmap">${imports}</script>
<script type="module" src="page.mjs"></script>`,
  );
}

/** The models as native files, made by the command of the package: workers and worklets cannot import on demand. */
async function convert(installed, options) {
  const command = join(installed, readManifest(installed).bin["lmu-wasm"]);
  const pathOf = ({ name }) => join(options.home, `${name}.safetensors`);
  const convertOne = (model) => {
    const args = ["convert", join(root, model.file), pathOf(model)];
    if (model.layers) args.push("--layers", JSON.stringify(model.layers));
    return run(process.execPath, [command, ...args], options);
  };
  await Promise.all(MODELS.map(convertOne));
  return pathOf;
}
