import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { run } from "../../test/runtimes/child.mjs";
import { addressesOf } from "../../test/runtimes/package.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = fileURLToPath(new URL("page", import.meta.url));

/**
 * A folder with the page, the package as npm would have published it, and a home for browsers.
 *
 * @param {string | undefined} tarball - the packed package; without it dist/ is packed as it is
 * @returns {Promise<{ cwd: string, home: string }>}
 */
export async function makeSite(tarball) {
  const place = mkdtempSync(join(tmpdir(), "lmu-wasm-worklet-"));
  process.once("exit", () => rmSync(place, { recursive: true, force: true, maxRetries: 5 }));
  const [cwd, home] = [join(place, "site"), join(place, "home")];
  const modules = join(cwd, "node_modules");
  cpSync(page, cwd, { recursive: true });
  mkdirSync(home);
  await unpack(tarball ? resolve(tarball) : await pack(home), join(modules, "lmu-wasm"), home);
  // Only the sources can write models: the package reads them.
  const [entry, outfile] = [join(page, "models.mjs"), join(cwd, "models.mjs")];
  /** @type {import("esbuild").BuildOptions} */
  const options = { bundle: true, format: "esm", target: "es2022", logLevel: "warning" };
  await build({ ...options, entryPoints: [entry], outfile, allowOverwrite: true });
  const imports = JSON.stringify({ imports: addressesOf(modules) });
  const scripts = `<script type="importmap">${imports}</script>
<script type="module" src="page.mjs"></script>`;
  writeFileSync(join(cwd, "bench.html"), `<!doctype html><meta charset="utf-8" />${scripts}\n`);
  return { cwd, home };
}

async function pack(home) {
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", home];
  const env = { npm_config_update_notifier: "false" };
  const [{ filename }] = JSON.parse(await run("npm", args, { cwd: root, home, env }));
  return join(home, filename);
}

async function unpack(tarball, folder, home) {
  mkdirSync(folder, { recursive: true });
  await run("tar", ["-xzf", tarball, "-C", folder, "--strip-components", "1"], { cwd: root, home });
}
