import { spawn } from "node:child_process";
import { basename } from "node:path";
import { clearTimeout, setTimeout } from "node:timers";

/*
 * Programs in process groups of their own: browsers start helpers, which must end with them.
 */

/** Heads of the groups that may be alive. */
const groups = new Set();

process.once("exit", () => groups.forEach((pid) => signal(pid, "SIGKILL")));

function signal(pid, name) {
  try {
    process.kill(-pid, name);
  } catch {
    // All of the group have ended.
  }
}

/** Milliseconds that a program gets to put its things away. */
const GRACE = 2000;

/**
 * Starts a program. It sees nothing of this user's settings: its home is a folder of the run.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {{ cwd: string, home: string, env?: Record<string, string> }} options
 */
export function start(program, args, { cwd, home, env }) {
  const child = spawn(program, args, {
    cwd,
    env: { PATH: process.env.PATH, HOME: home, TMPDIR: home, LANG: "C.UTF-8", ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const { pid } = child;
  if (pid) groups.add(pid);
  let printed = "";
  let complaints = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (printed += text));
  child.stderr
    .setEncoding("utf8")
    .on("data", (text) => (complaints = (complaints + text).slice(-2000)));
  const ended = new Promise((resolve, reject) => child.on("close", resolve).on("error", reject));
  // Helpers end with their head: one that lives on would keep the pipes open.
  child.on("exit", () => {
    signal(pid, "SIGKILL");
    groups.delete(pid);
  });
  return {
    stdout: child.stdout,
    /** Resolves with the exit code once all of the output is there. */
    ended,
    printed: () => printed,
    complaints: () => complaints,
    /** Ends the program, which ends its helpers; if it takes too long, all of them. */
    async stop() {
      child.kill("SIGTERM");
      const timer = setTimeout(() => signal(pid, "SIGKILL"), GRACE);
      await ended.catch(() => undefined);
      clearTimeout(timer);
    },
  };
}

/**
 * Runs a program to its end and gives what it printed.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {{ cwd: string, home: string, env?: Record<string, string>, seconds?: number }} options
 */
export async function run(program, args, { seconds = 60, ...options }) {
  const running = start(program, args, options);
  try {
    const code = await inTime(running.ended, seconds, "does not end");
    if (code === 0) return running.printed();
    throw new Error(`ended with ${code}`);
  } catch (cause) {
    const message = `${basename(program)}: ${cause.message}\n${running.complaints()}`;
    throw new Error(message.trim(), { cause });
  } finally {
    await running.stop();
  }
}

/** A promise with a time limit. */
export async function inTime(promise, seconds, problem) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${problem} within ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
