// Bundles a bench (node scripts/bench.mjs step) and runs it on this Node, or on the one named by NODE.
import { spawnSync } from "node:child_process";
import { compile } from "./typescript.mjs";

process.chdir(new URL("..", import.meta.url).pathname);
const names = process.argv.slice(2).filter((name) => !name.startsWith("-"));
for (const name of names.length ? names : ["step", "kernels"]) {
  await compile([`bench/${name}.ts`], "build/bench");
  const { status } = spawnSync(process.env.NODE ?? process.execPath, [`build/bench/${name}.mjs`], {
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
}
