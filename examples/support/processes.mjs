/*
 * Real programs for the tests of the examples: started on loopback, killed without a warning, gone with the test.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clearTimeout, setTimeout } from "node:timers";

const running = new Set();
const folders = [];
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

/** A folder of its own, which goes with the test. */
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), "lmu-wasm-example-"));
  folders.push(folder);
  return folder;
}

/**
 * Starts a program and waits until it has said something.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ says: RegExp, cwd?: string, env?: Record<string, string>, seconds?: number }} options
 * @returns what it said (the match), its process id, a promise of its end, and `kill`, which waits for that
 * @throws Error with what it said, if that does not come in time
 */
export async function launch(program, args, { says, cwd, env = {}, seconds = 60 }) {
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  const ended = once(child, "close").then(([code]) => (running.delete(child), code));
  const kill = (signal = "SIGKILL") => (child.kill(signal), ended);
  let text = "";
  const said = new Promise((resolve, reject) => {
    const fail = (how) => reject(new Error(`${program} ${how}\n${text.slice(-3000)}`));
    const timer = setTimeout(
      () => (fail(`said nothing within ${seconds} s`), kill()),
      seconds * 1000,
    );
    const hear = (piece) => {
      // Whatever it says later is let go, lest a full pipe stop it.
      if (text.length < 1e6) text += piece;
      const match = says.exec(text);
      if (match) resolve(match);
      if (match) clearTimeout(timer);
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", hear);
    child.on("error", reject);
    ended.then((code) => (clearTimeout(timer), fail(`ended with ${code}`)));
  });
  return { said: await said, pid: child.pid, ended, kill };
}

/** A whole number from 0 to below a limit, by a seed: mulberry32. */
export function seeded(seed) {
  let state = seed | 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor(((t ^ (t >>> 14)) >>> 0) / (4294967296 / limit));
  };
}
