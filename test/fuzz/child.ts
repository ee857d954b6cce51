import { createHash } from "node:crypto";
import {
  existsSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import type { Load } from "../../bindings/model/load.js";
import type { LoadOptions } from "../../bindings/model/load-options.js";
import { Random } from "../support/random.js";
import { check, type Outcome } from "./check.js";
import { Coverage } from "./coverage.js";
import { mutate } from "./mutate.js";
import { TARGETS } from "./targets.js";

/*
 * The process that attacks one target; run.mjs starts it, watches it and may have to kill it. What is at hand lies in
 * current.bin, so that a file that kills is not lost.
 */

interface Job {
  readonly task: "fuzz" | "replay" | "distill";
  readonly target: string;
  readonly seed: number;
  readonly seconds: number;
  /** Module that exports load. */
  readonly library: string;
  /** Folders with files `<target>-….bin`. */
  readonly corpus: readonly string[];
  /** Where finds and new files of the corpus go. */
  readonly out: string;
  readonly replay?: string;
  /** Of the corpus that distilling chooses. */
  readonly bytes?: number;
}

interface Entry {
  readonly bytes: Uint8Array;
  readonly hasSoundWeights: boolean;
}

/** Files between two looks at the coverage, which takes longer than most files do. */
const BATCH = 16;
/** Files do not grow beyond this. */
const MAX_BYTES = 1 << 18;
/** Processor time of a file: matrices may take two seconds, as ARCHITECTURE.md says, and coverage slows down. */
const MAX_SECONDS = 5;
/** By which a file may raise the peak of the process's memory, beside 16 times its size. */
const MAX_GROWTH = 128 << 20;

const job = JSON.parse(process.argv[2]!) as Job;
const { load } = (await import(job.library)) as { load: Load };
const target = TARGETS[job.target]!;
const options: LoadOptions = (await target.options?.()) ?? {};
const coverage = new Coverage(job.library.split("/").at(-1)!);
const counts: Record<string, number> = {};
const current = job.task === "fuzz" ? openSync(`${job.out}/current.bin`, "w") : -1;

/** Checks a file, its processor time and its memory. */
async function attack({ bytes, hasSoundWeights }: Entry): Promise<Outcome> {
  const peak = process.resourceUsage().maxRSS;
  const before = process.cpuUsage();
  const outcome = await check(load, bytes, options, hasSoundWeights);
  const { user, system } = process.cpuUsage(before);
  const growth = (process.resourceUsage().maxRSS - peak) * 1024;
  if (outcome.fault !== undefined) return outcome;
  if ((user + system) / 1e6 > MAX_SECONDS) {
    return { ...outcome, fault: `takes ${(user + system) / 1e6} s of the processor` };
  }
  if (growth <= MAX_GROWTH + 16 * bytes.length) return outcome;
  return { ...outcome, fault: `takes ${growth >> 20} MB more than anything before` };
}

const nameOf = (bytes: Uint8Array): string =>
  `${job.target}-${createHash("sha256").update(bytes).digest("hex").slice(0, 12)}.bin`;

const seeds: readonly Entry[] = target.seeds().map((bytes) => ({ bytes, hasSoundWeights: true }));

function kept(): { name: string; entry: Entry }[] {
  const folders = job.corpus.filter((folder) => existsSync(folder));
  return folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.replace(/-[^-]*$/, "") === job.target)
      .map((name) => ({
        name: `${folder}/${name}`,
        entry: { bytes: new Uint8Array(readFileSync(`${folder}/${name}`)), hasSoundWeights: false },
      })),
  );
}

/** The blocks that a file runs. */
async function blocksOf(entry: Entry): Promise<Set<string>> {
  await coverage.taken();
  await attack(entry);
  return coverage.taken();
}

async function fuzz(): Promise<void> {
  await coverage.start();
  const random = new Random(job.seed);
  const entries = [...seeds, ...kept().map(({ entry }) => entry)];
  for (const entry of entries) coverage.fresh(await blocksOf(entry));
  const first = entries.length;
  const until = Date.now() + 1000 * job.seconds;
  let tries = 0;
  while (Date.now() < until) {
    const batch = Array.from({ length: BATCH }, () => mutantOf(entries, random));
    for (const entry of batch) {
      const { how, fault } = await attempt(entry);
      counts[how] = (counts[how] ?? 0) + 1;
      if (fault !== undefined) report(entry.bytes, fault);
    }
    tries += batch.length;
    if (coverage.has(await coverage.taken())) continue;
    for (const entry of batch) {
      if (!coverage.fresh(await blocksOf(entry)).length) continue;
      entries.push(entry);
      writeFileSync(`${job.out}/corpus/${nameOf(entry.bytes)}`, entry.bytes);
    }
    // Memories of models are given back by the collector alone.
    (globalThis as { gc?: () => void }).gc?.();
  }
  const { size } = coverage;
  const { target, seed } = job;
  print({ target, seed, tries, blocks: size, kept: entries.length - first, counts });
}

function mutantOf(entries: readonly Entry[], random: Random): Entry {
  // The newest are what leads on.
  const recent = random.next() < 0.3 ? Math.max(0, entries.length - 20) : 0;
  const base = entries[recent + random.integer(entries.length - recent)]!;
  const mutant = mutate(base.bytes, random, entries[random.integer(entries.length)]!.bytes);
  if (mutant.bytes.length > MAX_BYTES) return base;
  return { ...mutant, hasSoundWeights: mutant.hasSoundWeights && base.hasSoundWeights };
}

/** Puts a file where run.mjs finds it should this process not survive it, and attacks. */
function attempt(entry: Entry): Promise<Outcome> {
  ftruncateSync(current, 0);
  writeSync(current, entry.bytes, 0, entry.bytes.length, 0);
  return attack(entry);
}

/** The files of the corpus that run most for their size and that the seeds do not, made smaller. */
async function distill(): Promise<void> {
  await coverage.start();
  for (const entry of seeds) coverage.fresh(await blocksOf(entry));
  const rest: { entry: Entry; blocks: ReadonlySet<string> }[] = [];
  for (const { entry } of kept()) rest.push({ entry, blocks: await blocksOf(entry) });
  const freshOf = (blocks: ReadonlySet<string>) =>
    [...blocks].filter((one) => !coverage.has([one]));
  for (let left = job.bytes!; rest.length > 0;) {
    const worth: number[] = rest.map(
      ({ entry, blocks }) => freshOf(blocks).length / (entry.bytes.length + 500),
    );
    const best = worth.indexOf(Math.max(...worth));
    const [{ entry, blocks }] = rest.splice(best, 1) as [(typeof rest)[number]];
    if (worth[best] === 0) break;
    const bytes = await minimised(entry, freshOf(blocks));
    if (bytes.length > left) continue;
    left -= bytes.length;
    coverage.fresh(blocks);
    writeFileSync(`${job.out}/distilled/${nameOf(bytes)}`, bytes);
  }
}

/** Leaves out what is not needed to run the blocks that make a file worth keeping. */
async function minimised(entry: Entry, wanted: readonly string[]): Promise<Uint8Array> {
  let { bytes } = entry;
  for (let part = bytes.length >> 1, tries = 0; part >= 8 && tries < 24; part >>= 1) {
    for (let at = 0; at < bytes.length && tries < 24; tries++) {
      const less = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + part)]);
      const blocks = await blocksOf({ ...entry, bytes: less });
      if (wanted.every((block) => blocks.has(block))) bytes = less;
      else at += part;
    }
  }
  return bytes;
}

/** One file, in a process that has loaded others of its kind: prints what it does. */
async function replay(): Promise<void> {
  for (const entry of seeds) await attack(entry);
  const outcome = await attack({
    bytes: new Uint8Array(readFileSync(job.replay!)),
    hasSoundWeights: job.replay!.includes("-sound-"),
  });
  print(outcome);
  if (outcome.fault !== undefined) process.exitCode = 1;
}

const reported = new Set<string>();

/** Writes a file that does what none may; one per kind of fault. */
function report(bytes: Uint8Array, fault: string): void {
  const kind = fault.split("\n").slice(0, 3).join(" ").replace(/\d+/g, "N");
  if (reported.has(kind)) return;
  reported.add(kind);
  const sound = fault.includes("NaN") ? "-sound" : "";
  const file = `${job.out}/finds/${nameOf(bytes).replace(/-(\w+\.bin)$/, `${sound}-$1`)}`;
  writeFileSync(file, bytes);
  print({ find: file, fault });
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

if (job.task === "fuzz") await fuzz();
else if (job.task === "replay") await replay();
else await distill();
