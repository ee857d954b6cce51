import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./child.mjs";
import { outcomesOf } from "./outcomes.mjs";

/*
 * Engines that run a file, unbundled.
 */

const FILES = {
  import: "import.mjs",
  require: "require.cjs",
  "lmu-wasm/worker": "worker.mjs",
};

const contexts = Object.keys(FILES);

/** A binary of package.json; undefined where it is not installed. */
export function binary(path) {
  const full = fileURLToPath(new URL(join("node_modules", path), import.meta.url));
  return existsSync(full) ? full : undefined;
}

/** The version that a program prints; undefined if it does not run. */
export async function versionOf(program, options) {
  const printed = await run(program, ["--version"], options).catch(() => "");
  return /\d[\d.-]*\d/.exec(printed)?.[0];
}

/** @param {(context: string) => string[]} args - what stands before the file */
function engine(name, find, args = () => []) {
  return {
    ...{ name, contexts, find, versionOf },
    run: (program, consumer) =>
      outcomesOf(contexts, (context) => run(program, [...args(context), FILES[context]], consumer)),
  };
}

// The import alone needs no permission; require and workers look at files.
const deno = (context) => ["run", "--no-prompt", ...(context === "import" ? [] : ["--allow-read"])];

export const SERVERS = [
  engine(`Node ${process.versions.node.split(".")[0]}`, () => process.execPath),
  engine("Node 22", () => binary("node22/bin/node")),
  engine("Node 24", () => binary("node24/bin/node")),
  engine("Node 26", () => binary("node26/bin/node")),
  engine("Deno", () => binary("@deno/linux-x64-glibc/deno"), deno),
  engine(
    "Bun",
    () => binary("@oven/bun-linux-x64/bin/bun"),
    () => ["--no-install"],
  ),
];
