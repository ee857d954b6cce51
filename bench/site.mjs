import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { run } from "../test/runtimes/child.mjs";
import { addressesOf } from "../test/runtimes/package.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * A folder with a page, the package as npm would have published it, and a home for browsers.
 *
 * @param {string} page - its folder: files to serve, of which the HTML gets an import map
 * @param {readonly string[]} sources - files of that folder that only bundles of the project's sources can do
 * @param {string | undefined} tarball - the packed package; without it dist/ is packed as it is
 * @returns {Promise<{ cwd: string, home: string }>}
 */
export async function makeSite(page, sources, tarball) {
  const place = mkdtempSync(join(tmpdir(), "lmu-wasm-bench-"));
  process.once("exit", () => rmSync(place, { recursive: true, force: true, maxRetries: 5 }));
  const [cwd, home] = [join(place, "site"), join(place, "home")];
  const modules = join(cwd, "node_modules");
  cpSync(page, cwd, { recursive: true });
  mkdirSync(home);
  await unpack(tarball ? resolve(tarball) : await pack(home), join(modules, "lmu-wasm"), home);
  await build({
    ...{ entryPoints: sources.map((name) => join(page, name)), outdir: cwd, allowOverwrite: true },
    ...{ bundle: true, format: "esm", target: "es2022", logLevel: "warning" },
    ...{ external: ["lmu-wasm"], outExtension: { ".js": ".mjs" } },
  });
  const map = JSON.stringify({ imports: addressesOf(modules) });
  const html = join(cwd, "index.html");
  const script = `<script type="importmap">${map}</script>\n`;
  writeFileSync(html, readFileSync(html, "utf8").replace(/(?=<script)/, script));
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
