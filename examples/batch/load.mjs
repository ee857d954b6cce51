// Sequences per second by the number of threads: npm run load
import { availableParallelism } from "node:os";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { temporaryFolder } from "../support/processes.mjs";
import { MODEL, writeSequences } from "../support/signals.mjs";
import { batch } from "./batch.mjs";

const [SEQUENCES, STEPS] = [50_000, 50];
const folder = temporaryFolder();
const [input, output] = ["input", "output"].map((name) => join(folder, name));
writeSequences(input, SEQUENCES, STEPS);
const best = new Map();
for (let round = 0; round < 3; round++) {
  for (let threads = 1; threads <= availableParallelism(); threads *= 2) {
    rmSync(output, { force: true });
    const start = performance.now();
    await batch({ model: MODEL, input, output, steps: STEPS, threads });
    const rate = SEQUENCES / ((performance.now() - start) / 1000);
    best.set(threads, Math.max(rate, best.get(threads) ?? 0));
  }
}
for (const [threads, rate] of best) {
  console.log(`${threads} threads: ${Math.round(rate)} sequences of ${STEPS} steps a second`);
}
