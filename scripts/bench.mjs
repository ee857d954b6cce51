// Bundles a bench (node scripts/bench.mjs step) and runs it on this Node, or on the one named by NODE. Other words are
// the bench's: node scripts/bench.mjs kernels tanh.
import { spawnSync } from "node:child_process";
import { compile } from "./typescript.mjs";

process.chdir(new URL("..", import.meta.url).pathname);
const BENCHES = ["step", "pool", "snapshot", "gaps", "prefill", "int8", "odd", "kernels"];
const words = process.argv.slice(2);
/** By name alone: those that take minutes, and the one that can fail. */
const ALONE = ["depth", "large", "ratios", "scaling"];
const known = [...BENCHES, ...ALONE];
const names = known.filter((name) => words.includes(name));
const rest = words.filter((word) => !known.includes(word));
for (const name of names.length ? names : BENCHES) {
  await compile([`bench/${name}.ts`], "build/bench");
  const script = [`build/bench/${name}.mjs`, ...rest];
  const { status } = spawnSync(process.env.NODE ?? process.execPath, script, { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
