import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { findRuntime } from "../../test/runtimes/programs.mjs";

/** Programs that run main.mjs of a folder, and their arguments. */
const PROGRAMS = {
  node22: [],
  node24: [],
  node26: [],
  deno: ["run", "--allow-all", "--no-check", "--node-modules-dir=manual"],
  bun: [],
};

/** @typedef {import("./libraries.mjs").Library} Library */
/** @typedef {{ name: string, kinds: readonly string[], sample(folder: string, library: Library): Sample }} Server */
/** @typedef {{ milliseconds: number, process: number, output: readonly number[] }} Sample */

/** This Node and whatever other runtimes are installed. @returns {{ servers: Server[], missing: string[] }} */
export function findServers() {
  const names = /** @type {(keyof typeof PROGRAMS)[]} */ (Object.keys(PROGRAMS));
  const found = names.map((name) => ({ name, path: findRuntime(name), args: PROGRAMS[name] }));
  const present = found.filter(({ path }) => path);
  const servers = [
    serverOf(`node ${process.versions.node} (this)`, process.execPath, [], "node"),
    ...present.map(({ name, path, args }) => serverOf(versionOf(name, path), path, args, name)),
  ];
  // The others are slow to start: one Node is enough for them, 24 if it is there.
  const host = servers.find(({ id }) => id === "node24") ?? servers[0];
  host.kinds = ["server", "rivals"];
  return { servers, missing: found.filter(({ path }) => !path).map(({ name }) => name) };
}

function serverOf(name, path, args, id) {
  return { name, id, kinds: ["server"], sample: (...what) => sample(path, args, ...what) };
}

function versionOf(name, path) {
  const { stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
  return `${name.replace(/\d+/, "")} ${stdout.match(/\d+\.\d+\.\d+/)?.[0]}`;
}

/** One fresh process. @returns {Sample} */
function sample(path, args, folder, { env }) {
  const before = performance.now();
  const { status, stdout, stderr } = spawnSync(path, [...args, join(folder, "main.mjs")], {
    cwd: folder,
    env: { ...process.env, ...env },
    encoding: "utf8",
  });
  const whole = performance.now() - before;
  if (status !== 0) throw new Error(`${path} ended with ${status}: ${stderr}`);
  return { ...JSON.parse(stdout.trim().split("\n").at(-1)), process: whole };
}
