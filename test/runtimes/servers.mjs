import { run } from "./child.mjs";
import { outcomesOf } from "./outcomes.mjs";
import { findRuntime } from "./programs.mjs";

/*
 * Engines that run a file, unbundled.
 */

const FILES = {
  import: "import.mjs",
  require: "require.cjs",
  "lmu-wasm/worker": "worker.mjs",
  "lmu-wasm/compiled": "compiled-import.mjs",
};

const contexts = Object.keys(FILES);

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

// Imports alone need no permission; require and workers look at files.
const deno = (context) => [
  "run",
  "--no-prompt",
  ...(/import|compiled/.test(context) ? [] : ["--allow-read"]),
];

export const SERVERS = [
  engine(`Node ${process.versions.node.split(".")[0]}`, () => process.execPath),
  engine("Node 22", () => findRuntime("node22")),
  engine("Node 24", () => findRuntime("node24")),
  engine("Node 26", () => findRuntime("node26")),
  engine("Deno", () => findRuntime("deno"), deno),
  engine(
    "Bun",
    () => findRuntime("bun"),
    () => ["--no-install"],
  ),
];
