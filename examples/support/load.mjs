/*
 * Load: many sessions at a time, each sending its next samples as soon as it has the answer to the last.
 */
import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";

const SECONDS = 3;

/** Milliseconds of CPU that a process has taken, by Linux, which counts in hundredths of a second. */
function cpuOf(pid) {
  const [, after] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
  const [user, system] = after.split(" ").slice(11, 13).map(Number);
  return (user + system) * 10;
}

/** Sends for some seconds. */
async function pass(sessions, { send, pid }, turns) {
  const times = [];
  const cpu = cpuOf(pid);
  const start = performance.now();
  const session = async (s) => {
    while (performance.now() - start < SECONDS * 1000) {
      const sent = performance.now();
      await send(s, turns[s]++);
      times.push(performance.now() - sent);
    }
  };
  await Promise.all(Array.from({ length: sessions }, (_, s) => session(s)));
  const rate = (times.length / (performance.now() - start)) * 1000;
  return { times: times.sort((a, b) => a - b), rate, cpu: (cpuOf(pid) - cpu) / times.length };
}

/**
 * Prints requests per second and their times for several servers, in turn, four times: what else the machine does hits all
 * alike. The best pass of each counts; CPU is that of the server's process.
 *
 * @param {number} sessions - at a time
 * @param {Record<string, { send: (session: number, turn: number) => Promise<unknown>, pid: number }>} servers - by name
 */
export async function compare(sessions, servers) {
  const all = Object.entries(servers).map(([name, server]) => {
    return { name, server, turns: new Array(sessions).fill(0), passes: [] };
  });
  for (let round = 0; round < 4; round++) {
    for (const { server, turns, passes } of all) passes.push(await pass(sessions, server, turns));
  }
  for (const { name, passes } of all) {
    const [{ times, rate }] = passes.sort((a, b) => b.rate - a.rate);
    const at = (part) => times[Math.floor(part * (times.length - 1))].toFixed(1);
    const cpu = Math.min(...passes.map((pass) => pass.cpu)).toFixed(2);
    const numbers = `${rate.toFixed(0)} /s, median ${at(0.5)} ms, p99 ${at(0.99)} ms, CPU ${cpu} ms`;
    console.log(`  ${name.padEnd(14)}  ${numbers}`);
  }
}
