import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const cache = fileURLToPath(new URL("../../build/start", import.meta.url));

/** Installs packages into a folder. */
function install(folder, packages) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  const options = ["--no-package-lock", "--no-audit", "--no-fund", "--silent"];
  execFileSync("npm", ["install", ...options, ...packages], { cwd: folder, stdio: "inherit" });
}

/** The folder with the other libraries, installed on first use and kept. */
export function installRivals(packages) {
  const list = JSON.stringify(packages);
  const written = join(cache, "packages");
  if (!existsSync(written) || readFileSync(written, "utf8") !== list) {
    install(cache, packages);
    writeFileSync(written, list);
  }
  return cache;
}

/**
 * Lays out one library for servers: start.mjs, its model, and main.mjs, which times it.
 *
 * @returns {string} the folder
 */
export function layOut(folder, { text, bytes, packages }, tarball, rivals) {
  if (packages.length) {
    mkdirSync(folder, { recursive: true });
    cpSync(join(rivals, "package.json"), join(folder, "package.json"));
  } else install(folder, [tarball]);
  const nothing = join(folder, "node_modules/nothing");
  mkdirSync(nothing, { recursive: true });
  writeFileSync(join(nothing, "package.json"), '{ "type": "module", "exports": "./index.js" }\n');
  writeFileSync(join(nothing, "index.js"), "export const output = [0];\n");
  writeFileSync(join(folder, "start.mjs"), text);
  writeFileSync(join(folder, "model.bin"), bytes);
  writeFileSync(join(folder, "main.mjs"), MAIN);
  return folder;
}

/** The model is in memory and start.mjs is loaded before the clock starts; the library is not. */
const MAIN = `import { readFileSync } from "node:fs";
import { start } from "./start.mjs";

const bytes = new Uint8Array(readFileSync(new URL("model.bin", import.meta.url)));
const before = performance.now();
const output = await start(bytes);
const milliseconds = performance.now() - before;
console.log(JSON.stringify({ milliseconds, output }));
process.exit(0);
`;
