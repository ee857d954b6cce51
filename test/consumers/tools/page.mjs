import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pageApp } from "../app.mjs";
import { runStatic } from "./static.mjs";

/** @type {import("../app.mjs").Scenario[]} */
const scenarios = ["native", "keras", "worker", "worklet", "compiled"];
const names = ["lmu-wasm", "lmu-wasm/worker", "lmu-wasm/worklet", "lmu-wasm/compiled"];

/** Address of a package's entry for browsers, as a person would look it up for an import map. */
function entryOf(folder, name) {
  const [base, part] = name.split("/");
  const { exports } = JSON.parse(
    readFileSync(join(folder, "node_modules", base, "package.json"), "utf8"),
  );
  let entry = exports[part ? `./${part}` : "."];
  while (typeof entry === "object") entry = entry.browser ?? entry.import ?? entry.default;
  return `/node_modules/${base}/${entry.replace("./", "")}`;
}

/** No bundler: an import map and a static server. */
export const page = {
  name: "page",
  packages: [],
  files: pageApp(scenarios),
  async run(context) {
    const imports = Object.fromEntries(names.map((name) => [name, entryOf(context.folder, name)]));
    const map = `<script type="importmap">${JSON.stringify({ imports })}</script>\n`;
    context.write({ "index.html": map + this.files["index.html"] });
    return runStatic(context, ".", scenarios);
  },
};
