import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { load } from "lmu-wasm";
import { seeded, temporaryFolder } from "../support/processes.mjs";
import { MODEL, writeSequences } from "../support/signals.mjs";
import { batch } from "./batch.mjs";

const [SEQUENCES, STEPS] = [60_000, 50];
const folder = temporaryFolder();
const input = join(folder, "input");
writeSequences(input, SEQUENCES, STEPS);
const model = await load(MODEL);
const { buffer } = new Uint8Array(readFileSync(input));
const expected = new Uint8Array(model.run(new Float32Array(buffer), { batch: SEQUENCES }).buffer);
const isExpected = (path) => assert(readFileSync(path).equals(expected));

test("outputs come in order, whatever the number of threads", async () => {
  for (const threads of [1, 3]) {
    const output = join(folder, `threads-${threads}`);
    const seen = [];
    await batch({ model: MODEL, input, output, steps: STEPS, threads }, (done) => seen.push(done));
    isExpected(output);
    assert.deepEqual(
      seen,
      [...seen].sort((a, b) => a - b),
    );
    assert.equal(seen.at(-1), SEQUENCES);
  }
});

test("killed again and again, it goes on where it was", async () => {
  const output = join(folder, "killed");
  const random = seeded(1);
  const args = ["batch.mjs", MODEL, input, output, `${STEPS}`];
  const cwd = fileURLToPath(new URL(".", import.meta.url));
  const sizeOf = () => statSync(output, { throwIfNoEntry: false })?.size ?? 0;
  let kills = 0;
  for (let isWhole = false; !isWhole;) {
    const before = sizeOf();
    const child = spawn(process.execPath, args, { cwd, stdio: "ignore" });
    const ended = once(child, "exit");
    // As soon as it has written something, three times; a write that was cut in the middle besides.
    if (kills < 3) {
      while (sizeOf() <= before && child.exitCode === null) await pause(2);
      await pause(random(10));
      child.kill("SIGKILL");
    }
    const [code] = await ended;
    isWhole = code === 0;
    if (!isWhole) {
      assert(sizeOf() > before);
      kills++;
      truncateSync(output, sizeOf() - 1 - random(150));
    }
  }
  assert(kills > 0);
  isExpected(output);
});

test("what is wrong is refused, and what comes before it is kept", async () => {
  const numbers = new Float32Array(buffer.slice(0));
  numbers[50_000 * STEPS + 7] = NaN;
  const bad = join(folder, "bad");
  writeFileSync(bad, new Uint8Array(numbers.buffer));
  const output = join(folder, "partial");
  await assert.rejects(batch({ model: MODEL, input: bad, output, steps: STEPS }), {
    code: "input-invalid",
  });
  const written = readFileSync(output);
  assert(written.length > 0 && written.equals(expected.subarray(0, written.length)));
  // Mended, it goes on.
  await batch({ model: MODEL, input, output, steps: STEPS });
  isExpected(output);

  await assert.rejects(batch({ model: MODEL, input, output, steps: 49 }), RangeError);
  truncateSync(bad, STEPS * 4);
  await assert.rejects(batch({ model: MODEL, input: bad, output, steps: STEPS }), RangeError);
  isExpected(output);
});
