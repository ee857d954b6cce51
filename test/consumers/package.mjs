import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Packs dist/ as it is, as npm publishes it. @returns {string} path of the tarball */
export function pack(folder) {
  const options = ["--ignore-scripts", "--silent", "--pack-destination", folder];
  const output = execFileSync("npm", ["pack", ...options], { cwd: root, encoding: "utf8" });
  return join(folder, output.trim().split("\n").at(-1));
}

/** The command that installs packages without writing down where they came from. */
export function installCommand(packages) {
  return `npm install --no-package-lock --no-audit --no-fund ${packages.join(" ")}`;
}
