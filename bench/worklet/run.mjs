/*
 * How long the audio node takes per block in real browsers: node bench/worklet/run.mjs [--seconds 20] [--offline] [--json]
 * [--only NAME] [--tarball FILE]. Packs dist/ as it is, unless a packed package is given.
 */
import { cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { CASES } from "./cases.mjs";
import * as chromium from "./chromium.mjs";
import * as firefox from "./firefox.mjs";
import { makeSite } from "../site.mjs";

const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "20" }, // of sound per case
    offline: { type: "boolean", default: false }, // as fast as it goes, also where the browser could play
    json: { type: "boolean", default: false },
    only: { type: "string", default: "" }, // a browser
    tarball: { type: "string" },
  },
});
for (const name of ["SIGINT", "SIGTERM"]) process.once(name, () => process.exit(1));

/** Microseconds that a block of 128 samples lasts at 48 kHz. */
const QUANTUM = (128 / 48000) * 1e6;
/** Seconds for a browser to start, and to end. */
const MARGIN = 30;
/** Blocks that p99.9 asks for, and the others; of fewer, as a busy machine leaves of Firefox's, they are not told. */
const [LEAST, FEW] = [1000, 100];

/** Percentiles of durations; NaN where there are too few. */
function percentiles(durations) {
  const sorted = [...durations].sort((a, b) => a - b);
  const at = (share) =>
    sorted.length < FEW
      ? NaN
      : sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  const p999 = sorted.length < LEAST ? NaN : at(0.999);
  return { median: at(0.5), p99: at(0.99), p999, max: at(1) };
}

/** One case in a fresh browser; times in µs. */
async function measure(browser, program, site, { name, models, goal = undefined }) {
  const seconds = Number(options.seconds);
  const { needsClock: clock } = browser;
  const query = JSON.stringify({ models, seconds, clock, offline: options.offline });
  const page = `index.html?case=${encodeURIComponent(query)}`;
  const outcome = await browser.measure(program, site, page, seconds + MARGIN);
  if (outcome.error) throw new Error(outcome.error);
  const { how, swaps, blocks, cpu, messages = [], dropped = 0 } = outcome;
  if (blocks.length + dropped < FEW) {
    throw new Error(`${blocks.length} blocks timed, ${dropped} left out`);
  }
  const wall = percentiles(blocks);
  return {
    ...{ name, how, blocks: blocks.length, dropped, ...wall, share: wall.p999 / QUANTUM, goal },
    cpu: cpu && percentiles(cpu),
    swaps,
    message: messages.length ? percentiles(messages).max : undefined,
  };
}

const HEAD = [
  "browser",
  "case",
  "how",
  "median",
  "p99",
  "p99.9",
  "max",
  "share",
  "goal",
  "cpu p99.9",
];
const WIDTHS = [13, 38, 8, 6, 6, 6, 6, 8, 12, 10];

function line(cells) {
  const pad = (cell, i) => (i < 3 ? cell.padEnd(WIDTHS[i]) : cell.padStart(WIDTHS[i]));
  return cells.map(pad).join(" ").trimEnd();
}

/** A number with so many digits after the point, or "-" for none. */
const told = (number, digits = 0) => (Number.isNaN(number) ? "-" : number.toFixed(digits));

function lineOf(label, { name, how, median, p99, p999, max, share, goal, cpu }) {
  const times = [median, p99, p999, max].map((time) => told(time));
  // What is promised is promised of sound that plays.
  const verdict =
    goal && how === "live" && !Number.isNaN(share)
      ? `${100 * goal} %: ${share <= goal ? "met" : "missed"}`
      : "";
  const shares = [`${told(100 * share, 1)} %`, verdict, cpu ? told(cpu.p999) : ""];
  return line([label, name, how, ...times, ...shares]);
}

/** Prints a line for people, as soon as it is known. */
function say(text) {
  if (!options.json) console.log(text);
}

async function measureBrowser(browser, program, site) {
  const version = await browser.versionOf(program, site).catch(() => "?");
  const label = `${browser.name} ${version.split(".")[0]}`;
  const [cases, failures] = [[], []];
  for (const one of CASES) {
    try {
      const result = await measure(browser, program, site, one);
      cases.push(result);
      say(lineOf(label, result));
    } catch (error) {
      failures.push(`${label}, ${one.name}: ${error.message}`);
      console.error(`failed: ${failures.at(-1)}`);
    }
  }
  return { browser: browser.name, version, cases, failures };
}

function sayHead(machine, load) {
  say(
    `process() per block of 128 samples in µs; share: p99.9 of ${QUANTUM.toFixed(0)} µs, a block`,
  );
  say(`at 48 kHz. ${machine}, load ${load}; ${options.seconds} s of sound each.\n`);
  say(line(HEAD));
}

function sayTail(results) {
  say("\nlive: an AudioContext plays; offline: an OfflineAudioContext, as fast as it goes.");
  say("cpu: without the time other threads had the core, which only Chromium tells.");
  for (const { browser, cases } of results) {
    for (const { name, swaps, message, dropped } of cases) {
      if (swaps) say(`${browser}, ${name}: ${swaps} swaps`);
      if (message) say(`  the longest message that brings a model: ${message} µs`);
      if (dropped) say(`${browser}, ${name}: ${dropped} blocks left out, the clock was held up`);
    }
  }
  say("skipped: WebKitGTK gives its audio thread no clock");
}

async function main() {
  // Only the sources can write models: the package reads them.
  const page = fileURLToPath(new URL("page", import.meta.url));
  const site = await makeSite(page, ["models.mjs"], options.tarball);
  const { length, 0: cpu } = cpus();
  const machine = `${length} cores, ${cpu?.model.trim()}, ${process.platform} ${process.arch}`;
  const load = loadavg()[0].toFixed(1);
  const results = [];
  sayHead(machine, load);
  for (const browser of [chromium, firefox]) {
    if (!browser.name.toLowerCase().includes(options.only.toLowerCase())) continue;
    const program = browser.find();
    if (program) results.push(await measureBrowser(browser, program, site));
    else console.error(`skipped: ${browser.name} is not on this machine`);
  }
  sayTail(results);
  const all = { machine, load, quantum: QUANTUM, results };
  if (options.json) console.log(JSON.stringify(all, null, 2));
  return results;
}

const results = await main();
process.exit(results.some(({ failures }) => failures.length > 0) ? 1 : 0);
