/*
 * The same networks in other runtimes: node bench/peers/run.mjs [--rounds 9] [--only NAME]. Installs them on first use, into a
 * folder of their own: they are no dependencies of this project.
 */
import { spawnSync } from "node:child_process";
import { compile } from "../../scripts/typescript.mjs";
import { install } from "./install.mjs";

process.chdir(new URL("../..", import.meta.url).pathname);
install();
await compile(["bench/peers/peers.ts"], "build/bench");
const script = ["build/bench/peers.mjs", ...process.argv.slice(2)];
const { status } = spawnSync(process.env.NODE ?? process.execPath, script, { stdio: "inherit" });
process.exit(status ?? 1);
