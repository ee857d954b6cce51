import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Model files of the app, by the names it knows them by. */
export const MODELS = {
  "model.safetensors": here("../../models/mackey-glass.safetensors"),
  "model.keras": here("../golden/keras/stack-classifier.keras"),
};

/** What a page can be asked to do. Everything but native is loaded on demand, so that it weighs nothing before. */
const SCENARIOS = {
  native: `() => stream("model.safetensors")`,
  keras: `() => stream("model.keras")`,
  worker: `() => import("./worker.js").then((app) => app.stream("model.safetensors"))`,
  compiled: `() => import("./module.js").then((app) => app.stream())`,
  worklet: `() => import("./worklet.js").then((app) => app.stream("model.safetensors"))`,
};

/** @typedef {keyof typeof SCENARIOS} Scenario */

/** How a compiled model comes to its loader in pages: docs/compiled.md has the table. */
const MODULES = {
  beside: `const source = fetch(new URL("./model.wasm", import.meta.url));`,
  url: `import url from "./model.wasm?url";\nconst source = fetch(url);`,
  file: `import url from "./model.wasm";\nconst source = fetch(url);`,
};

/** The module that streams through the compiled model. @param {keyof typeof MODULES} way */
const moduleText = (way) => `import { stream as run } from "./compiled.js";
${MODULES[way]}
export const stream = () => run(source);
`;

/**
 * The app of a page: index.html and main.js, which puts its scenarios within a browser driver's reach.
 *
 * @param {readonly Scenario[]} scenarios
 * @param {keyof typeof MODULES} [way]
 * @returns {Record<string, string>} texts by file name
 */
export function pageApp(scenarios, way = "beside") {
  const threads = scenarios.filter((name) => name === "worker" || name === "worklet");
  const entries = scenarios.map((name) => `  ${name}: ${SCENARIOS[name]},\n`).join("");
  return {
    "index.html": appFile("index.html"),
    "main.js": `import { stream } from "./stream.js";\nglobalThis.scenarios = {\n${entries}};\n`,
    "stream.js": appFile("stream.js"),
    "compiled.js": appFile("compiled.js"),
    "module.js": moduleText(way),
    ...Object.fromEntries(threads.map((name) => [`${name}.js`, appFile(`${name}.js`)])),
  };
}

/** Text of one file of the app. */
export function appFile(name) {
  return readFileSync(here(`app/${name}`), "utf8");
}

/** Writes texts into a folder that has all folders needed. */
export function writeFiles(folder, files) {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}

/** Copies the models into a folder, under these names or with another ending. */
export function copyModels(folder, rename = (name) => name) {
  for (const [name, path] of Object.entries(MODELS)) cpSync(path, join(folder, rename(name)));
}
