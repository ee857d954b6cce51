/*
 * lmu-wasm bench as a page, in Chromium and Firefox: node bench/page/run.mjs [MODEL…] [--seconds 1] [--only NAME] [--json] [--serve]
 * [--tarball FILE]. Models are files or folders; without any, those that the package brings.
 */
/* global URLSearchParams */
import { cpSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { BROWSERS } from "../../test/runtimes/browsers.mjs";
import { ISOLATED, openSite } from "../../test/runtimes/site.mjs";
import { makeSite } from "../site.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "1" }, // for each figure
    only: { type: "string", default: "" }, // a browser
    json: { type: "boolean", default: false },
    serve: { type: "boolean", default: false }, // for a browser of your own
    tarball: { type: "string" },
  },
});
for (const name of ["SIGINT", "SIGTERM"]) process.once(name, () => process.exit(1));

const SHIPPED = ["mackey-glass.safetensors", "addresses"];
/** Figures that a model has at most, a round of warming up among them, and seconds for a browser to start and to end. */
const [FIGURES, MARGIN] = [6, 40];
/** Time of the page in Firefox is blurred unless the site is isolated; then it moves by 20 µs, in Chromium by 5 µs. */
const headers = ISOLATED;

/** Writes the list of models, and copies those that the package does not have. */
function listModels(cwd) {
  const folder = "node_modules/lmu-wasm/models";
  for (const path of positionals)
    cpSync(path, join(cwd, "own", basename(path)), { recursive: true });
  const paths = positionals.length
    ? positionals.map((path) => join("own", basename(path)))
    : SHIPPED.map((name) => join(folder, name));
  const models = paths.map((path) => ({
    name: basename(path),
    files: filesOf(join(cwd, path), cwd),
  }));
  writeFileSync(join(cwd, "models.json"), JSON.stringify(models));
  return models.map(({ name }) => name);
}

function filesOf(path, cwd) {
  const paths = statSync(path).isFile()
    ? [path]
    : readdirSync(path).map((name) => join(path, name));
  return paths
    .filter((one) => /\.(json|safetensors|keras|h5|pt|pth|bin|npz)$/.test(one))
    .map((one) => relative(cwd, one));
}

/** One model in a fresh browser. */
async function measure(browser, program, site, model) {
  const query = new URLSearchParams({ model, seconds: options.seconds });
  const limit = FIGURES * 2 * Number(options.seconds) + MARGIN;
  const page = `index.html?${query}`;
  const outcome = await browser.run(program, { ...site, page, headers, seconds: limit });
  if (outcome.error) throw new Error(outcome.error);
  return outcome;
}

async function measureAll(site, models) {
  const results = [];
  for (const browser of BROWSERS.filter(({ name }) => name !== "WebKitGTK")) {
    if (!browser.name.toLowerCase().includes(options.only.toLowerCase())) continue;
    const program = browser.find();
    if (!program) {
      console.error(`skipped: ${browser.name} is not on this machine`);
      continue;
    }
    for (const model of models) {
      try {
        const { result, lines } = await measure(browser, program, site, model);
        results.push({ browser: browser.name, ...result });
        if (!options.json) console.log(`${browser.name}: ${lines.join("\n")}\n`);
      } catch (error) {
        process.exitCode = 1;
        console.error(`failed: ${browser.name}, ${model}: ${error.message}`);
      }
    }
  }
  return results;
}

const site = await makeSite(
  fileURLToPath(new URL(".", import.meta.url)),
  ["page.ts"],
  options.tarball,
);
const models = listModels(site.cwd);
if (options.serve) {
  const { address } = await openSite(site.cwd, headers);
  console.log(`${address}/, until it is interrupted`);
} else {
  const machine = `${cpus()[0]?.model.trim()}, load ${loadavg()[0].toFixed(1)}`;
  if (!options.json) console.log(`${machine}\n`);
  const results = await measureAll(site, models);
  if (options.json) console.log(JSON.stringify({ machine, results }, null, 2));
  process.exit();
}
