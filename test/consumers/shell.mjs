/* global fetch */
import { spawn } from "node:child_process";
import { dirname, delimiter } from "node:path";
import { createServer } from "node:net";
import { clearTimeout, setTimeout } from "node:timers";
import { setTimeout as pause } from "node:timers/promises";

/** Process groups that must not outlive this process. */
const running = new Set();
const endAll = () => running.forEach(endGroup);
process.on("exit", endAll);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

/** Ends a process and whatever it started. */
function endGroup(pid) {
  running.delete(pid);
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It ended by itself.
  }
}

/** @typedef {{ cwd: string, node?: string, env?: Record<string, string> }} Options */

/** Starts a command in a process group of its own; `node` comes first in its PATH. @param {string} command @param {Options} options */
function start(command, { cwd, node = process.execPath, env = {} }) {
  const path = [dirname(node), `${cwd}/node_modules/.bin`, process.env.PATH].join(delimiter);
  const child = spawn("sh", ["-c", command], {
    cwd,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, PATH: path, CI: "1", NO_COLOR: "1", ...env },
  });
  running.add(child.pid);
  const said = { text: "" };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => (said.text += text));
  }
  return { child, said };
}

/**
 * Runs a command to its end.
 *
 * @param {string} command
 * @param {Options & { seconds?: number }} options
 * @returns {Promise<string>} everything it said
 * @throws Error with what it said last, if it fails or takes longer than seconds
 */
export function run(command, { seconds = 300, ...options }) {
  const { child, said } = start(command, options);
  return new Promise((resolve, reject) => {
    const fail = (how) => reject(new Error(`${command} ${how}\n${said.text.slice(-2000)}`));
    const timer = setTimeout(() => {
      endGroup(child.pid);
      fail(`took longer than ${seconds} s`);
    }, seconds * 1000);
    child.on("close", (status) => {
      clearTimeout(timer);
      running.delete(child.pid);
      if (status === 0) resolve(said.text);
      else fail(`ended with ${status}`);
    });
  });
}

/**
 * Starts a server and waits until it answers.
 *
 * @param {string} command
 * @param {Options & { url: string, seconds?: number }} options
 * @returns {Promise<{ stop(): void }>}
 */
export async function serve(command, { url, seconds = 60, ...options }) {
  const { child, said } = start(command, options);
  const deadline = Date.now() + seconds * 1000;
  while (Date.now() < deadline && child.exitCode === null) {
    const isUp = await fetch(url).then(
      () => true,
      () => false,
    );
    if (isUp) return { stop: () => endGroup(child.pid) };
    await pause(100);
  }
  endGroup(child.pid);
  throw new Error(`${command} does not serve ${url}\n${said.text.slice(-2000)}`);
}

/** A port of this machine that was free a moment ago. */
export function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}
