// Bundles a bench (node scripts/bench.mjs step) and runs it on this Node, or on the one named by NODE.
import { spawnSync } from "node:child_process";
import { build } from "esbuild";

process.chdir(new URL("..", import.meta.url).pathname);
const names = process.argv.slice(2).filter((name) => !name.startsWith("-"));
for (const name of names.length ? names : ["step", "kernels"]) {
  const outfile = `build/bench/${name}.mjs`;
  await build({
    entryPoints: [`bench/${name}.ts`],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    logLevel: "warning",
  });
  const { status } = spawnSync(process.env.NODE ?? process.execPath, [outfile], {
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
}
