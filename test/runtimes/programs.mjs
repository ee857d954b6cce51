import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/*
 * Where the engines of this machine are.
 */

/** Where other runtimes are installed: node_modules here, or the folder of that kind named by RUNTIMES. */
const runtimes = process.env.RUNTIMES ?? fileURLToPath(new URL("node_modules", import.meta.url));

const PATHS = {
  node22: "node22/bin/node",
  node24: "node24/bin/node",
  node26: "node26/bin/node",
  deno: "@deno/linux-x64-glibc/deno",
  bun: "@oven/bun-linux-x64/bin/bun",
  workerd: "@cloudflare/workerd-linux-64/bin/workerd",
};

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Path of another runtime's program.
 *
 * @param {keyof typeof PATHS} name
 * @returns {string | undefined}
 */
export function findRuntime(name) {
  const path = join(runtimes, PATHS[name]);
  return isProgram(path) ? path : undefined;
}

/** A Node of at least version 22, which some tools want; undefined where there is none. */
export function findModernNode() {
  const found = findRuntime("node24") ?? findRuntime("node26") ?? findRuntime("node22");
  return found ?? (parseInt(process.versions.node) >= 22 ? process.execPath : undefined);
}

/** Path of Chromium: the one named by CHROMIUM, or the first in PATH. */
export function findChromium() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  return onPath("chromium", "chromium-browser", "google-chrome");
}

/** The first of some programs that is in PATH. */
export function onPath(...names) {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram);
}
