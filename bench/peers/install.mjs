import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Installs the other runtimes on first use. */
export function install() {
  const cwd = fileURLToPath(new URL(".", import.meta.url));
  if (existsSync(`${cwd}node_modules/@wllama`)) return;
  // Without scripts: that of onnxruntime-node fetches libraries for GPUs.
  const words = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
  spawnSync("npm", words, { cwd, stdio: "inherit" });
}
