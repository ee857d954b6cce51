// Sequences a second by the library's own batches, on one thread: node library.mjs COUNT
import { performance } from "node:perf_hooks";
import { load } from "../../dist/index.js";
import { MODEL } from "../support/signals.mjs";

const [BATCH, STEPS] = [4096, 64];
const model = await load(MODEL);
const input = Float32Array.from({ length: BATCH * STEPS }, (_, i) => Math.sin(i / 9) / 4);
model.run(input, { batch: BATCH });
const start = performance.now();
let done = 0;
for (; done < Number(process.argv[2]); done += BATCH) model.run(input, { batch: BATCH });
console.log((done / (performance.now() - start)) * 1000);
