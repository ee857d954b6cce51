/*
 * From import to the first output, in fresh processes: node bench/start/run.mjs [--runs 15] [--json] [--only NAME,…]
 * [--tarball FILE]. Packs dist/ as it is.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { pack } from "../../test/consumers/package.mjs";
import { installRivals, layOut } from "./install.mjs";
import { libraries } from "./libraries.mjs";
import { findPage } from "./page.mjs";
import { findServers } from "./server.mjs";
import { findWorkerd } from "./workerd.mjs";

const { values: options } = parseArgs({
  options: {
    runs: { type: "string", default: "15" },
    only: { type: "string", default: "" },
    json: { type: "boolean" },
    tarball: { type: "string" },
  },
});

/** Milliseconds promised for lmu-wasm. Node 20 and 22 are slower engines: measured, not promised. */
const TARGETS = { "node 24": 6, deno: 5, bun: 7, workerd: 8, chromium: 15 };

const root = mkdtempSync(join(tmpdir(), "lmu-wasm-start-"));
process.on("exit", () => rmSync(root, { recursive: true, force: true }));

/** Hosts that are here, and the names of those that are not. */
async function findHosts(rivals) {
  const { servers, missing } = findServers();
  const workerd = findWorkerd();
  const page = await findPage(rivals);
  if (!workerd) missing.push("workerd");
  if (!page) missing.push("chromium");
  const wanted = options.only.split(",");
  const isWanted = (host) => wanted.some((part) => host?.name.includes(part));
  const hosts = [...servers, workerd, page].filter(isWanted);
  return { hosts, missing, close: () => page?.close() };
}

/** Value below which the given share of the values lies. */
function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

/** Every library once per round, so that a busy machine hurts all alike; one round before, for the file cache. */
async function measure(host, folders, runs) {
  const those = libraries.filter(({ hosts }) => hosts.some((kind) => host.kinds.includes(kind)));
  const samples = new Map(those.map((library) => [library, []]));
  for (let round = 0; round <= runs; round++) {
    for (const library of those) {
      const sample = await host.sample(folders.get(library), library);
      if (round > 0) samples.get(library).push(sample);
    }
  }
  return those.map((library) => {
    const times = samples.get(library).map(({ milliseconds }) => milliseconds);
    const wholes = samples.get(library).map(({ process }) => process);
    return {
      host: host.name,
      library: library.name,
      median: quantile(times, 0.5),
      p10: quantile(times, 0.1),
      p90: quantile(times, 0.9),
      process: quantile(wholes, 0.5),
      target: library.name.startsWith("lmu-wasm") ? targetOf(host.name) : undefined,
    };
  });
}

function targetOf(host) {
  return Object.entries(TARGETS).find(([name]) => host.startsWith(name))?.[1];
}

function table(rows) {
  const cells = rows.map(({ host, library, median, p10, p90, process, target }) => [
    host,
    library,
    median.toFixed(1),
    `${p10.toFixed(1)}–${p90.toFixed(1)}`,
    process.toFixed(0),
    target === undefined ? "" : `${target}: ${median <= target ? "met" : "missed"}`,
  ]);
  cells.unshift(["host", "library", "median ms", "p10–p90", "whole ms", "target"]);
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const pad = (cell, column) =>
    column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]);
  return cells.map((row) => row.map(pad).join("  ").trimEnd()).join("\n");
}

const rivals = installRivals(libraries.flatMap(({ packages }) => packages));
const tarball = options.tarball ? resolve(options.tarball) : pack(root);
const folders = new Map();
for (const [i, library] of libraries.entries()) {
  // Rivals find their packages in a folder above their own.
  const folder = join(library.packages.length ? rivals : root, `library-${i}`);
  folders.set(library, layOut(folder, library, tarball, rivals));
}
const { hosts, missing, close } = await findHosts(rivals);
const rows = [];
try {
  for (const host of hosts) rows.push(...(await measure(host, folders, Number(options.runs))));
} finally {
  await close();
}
if (options.json)
  console.log(JSON.stringify({ machine: cpus()[0]?.model, rows, missing }, null, 2));
else {
  console.log(`From import to the first output, ${options.runs} fresh processes or pages each.`);
  console.log(`${cpus().length} cores, ${cpus()[0]?.model}, ${process.platform} ${process.arch}\n`);
  console.log(table(rows));
  console.log("\nwhole: the process from start to end; for Chromium, a new page to the output.");
  console.log("workerd: the process less that of an empty worker, since its clocks stand still.");
  for (const name of missing) console.log(`skipped: ${name} is not installed`);
}
process.exit(0);
