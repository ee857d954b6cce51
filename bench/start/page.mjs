import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import { build } from "esbuild";
import { findChromium } from "../../test/runtimes/programs.mjs";
import { launchChromium } from "../../test/consumers/chromium.mjs";
import { openSite } from "../../test/runtimes/site.mjs";

/** Milliseconds between a page's load and its measurement. */
const SETTLE = 300;

const MAP = {
  imports: {
    "lmu-wasm": "/node_modules/lmu-wasm/dist/index.js",
    "lmu-wasm/compiled": "/node_modules/lmu-wasm/dist/compiled/compiled.js",
    nothing: "/node_modules/nothing/index.js",
  },
};
const HTML = `<!doctype html>
<script type="importmap">${JSON.stringify(MAP)}</script>
<script type="module">
import { start } from "./start.js";
const bytes = new Uint8Array(await (await fetch("model.bin")).arrayBuffer());
globalThis.measure = async () => {
  const before = performance.now();
  const output = await start(bytes, new URL("/node_modules/", location).href);
  return { milliseconds: performance.now() - before, output };
};
</script>
`;

/** Makes the site of a library: start.js, bundled or as it is, and what it fetches. */
async function makeSite(folder, { isBundled, packages }, rivals) {
  const site = join(folder, isBundled ? "site-bundled" : "site");
  mkdirSync(site, { recursive: true });
  writeFileSync(join(site, "index.html"), HTML);
  cpSync(join(folder, "model.bin"), join(site, "model.bin"));
  const modules = join(packages.length ? rivals : folder, "node_modules");
  if (!existsSync(join(site, "node_modules"))) symlinkSync(modules, join(site, "node_modules"));
  if (!isBundled) {
    cpSync(join(folder, "start.mjs"), join(site, "start.js"));
    return site;
  }
  await build({
    entryPoints: [join(folder, "start.mjs")],
    outdir: site,
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    nodePaths: [modules],
    logLevel: "error",
  });
  return site;
}

/** Chromium as a host, a page without any cache each time; undefined where it is not installed. */
export async function findPage(rivals) {
  if (!findChromium()) return undefined;
  const browser = await launchChromium();
  const servers = new Map();
  return {
    name: `chromium ${browser.version().split(".")[0]}`,
    kinds: ["page"],
    async sample(folder, library) {
      if (!servers.has(library)) {
        servers.set(library, await openSite(await makeSite(folder, library, rivals)));
      }
      const before = performance.now();
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(`${servers.get(library).address}/`);
      await page.waitForFunction(() => globalThis.measure);
      // A new page's own start goes on for a while on the same cores.
      await setTimeout(SETTLE);
      const result = await page.evaluate(() => globalThis.measure());
      const process = performance.now() - before;
      await context.close();
      return { ...result, process };
    },
    async close() {
      for (const { close } of servers.values()) close();
      await browser.close();
    },
  };
}
