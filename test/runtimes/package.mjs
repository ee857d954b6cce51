import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";

/*
 * What an installed package promises: files by name, and addresses for import maps.
 */

/** Files that package.json or the code of the package name, and that are not there. */
export function missingFiles(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const { main, types, bin, exports } = manifest;
  // Of a pattern at least the folder must be there.
  const promised = [main, types, bin, exports]
    .flatMap(leaves)
    .map((path) => join(folder, path.replace(/\/\*.*/, "")));
  const named = scripts(folder).flatMap((path) => namesIn(path));
  const missing = [...promised, ...named].filter((path) => !existsSync(path));
  return [...new Set(missing.map((path) => relative(folder, path)))].sort();
}

/** The texts at the ends of a tree of conditions. */
function leaves(tree) {
  if (typeof tree === "string") return [tree];
  return Object.values(tree ?? {}).flatMap(leaves);
}

function scripts(folder) {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return paths.filter((path) => path.endsWith(".js")).map((path) => join(folder, path));
}

/** Relative files that a script imports, or has beside it: new URL("./x", import.meta.url). */
function namesIn(path) {
  const text = readFileSync(path, "utf8");
  const names = text.matchAll(/(?:\bfrom ?|\bimport ?|import\(|new URL\()"(\.{1,2}\/[^"?]+)/g);
  return [...names].map(([, name]) => join(dirname(path), name));
}

/** Conditions of a browser that has no bundler, as the order in package.json decides. */
const BROWSER = ["browser", "import", "default"];

/** Addresses of all installed packages and their subpaths, for an import map. */
export function addressesOf(modules) {
  const addresses = {};
  for (const name of readdirSync(modules)) {
    const { exports, main } = JSON.parse(readFileSync(join(modules, name, "package.json"), "utf8"));
    for (const [subpath, target] of Object.entries(exports ?? { ".": main })) {
      const file = targetOf(target);
      if (file) addresses[posix.join(name, subpath)] = `/${posix.join("node_modules", name, file)}`;
    }
  }
  return addresses;
}

function targetOf(target) {
  if (typeof target === "string") return target;
  const condition = Object.keys(target ?? {}).find((key) => BROWSER.includes(key));
  return condition && targetOf(target[condition]);
}
