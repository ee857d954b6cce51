/*
 * The same networks in other runtimes: node bench/peers/run.mjs [--rounds 9] [--only NAME]. Installs them on first use, into a
 * folder of their own: they are no dependencies of this project.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { compile } from "../../scripts/typescript.mjs";

process.chdir(new URL("../..", import.meta.url).pathname);
if (!existsSync("bench/peers/node_modules")) {
  // Without scripts: that of onnxruntime-node fetches libraries for GPUs.
  const words = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
  spawnSync("npm", words, { cwd: "bench/peers", stdio: "inherit" });
}
await compile(["bench/peers/peers.ts"], "build/bench");
const script = ["build/bench/peers.mjs", ...process.argv.slice(2)];
const { status } = spawnSync(process.env.NODE ?? process.execPath, script, { stdio: "inherit" });
process.exit(status ?? 1);
