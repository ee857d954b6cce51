import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fileOf, makeUp } from "./support/models.js";
import { made } from "./support/stream.js";

/*
 * What nobody disposes of gives its memory back once it has been collected: in processes of their own, whose collector is
 * asked to collect while they work.
 */

const run = promisify(execFile);
const dist = new URL("../dist/", import.meta.url).href;
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lmu-wasm-forgotten-"));
  writeFileSync(join(folder, "small.safetensors"), fileOf(made));
  const layers = [{ name: "d", type: "dense" }] as const;
  const heavy = makeUp({ width: 1024 }, layers, { "d.weight": [1024, 1024] });
  writeFileSync(join(folder, "heavy.safetensors"), fileOf(heavy));
});

afterAll(() => rmSync(folder, { recursive: true }));

const HEAD = `
import { load } from "${dist}index.js";
const rest = () => new Promise((resolve) => setTimeout(resolve));
const collect = async () => { for (let i = 0; i < 2; i++) { gc(); await rest(); } };
const say = (value) => console.log(JSON.stringify(value));
`;

async function told<T>(program: string): Promise<T> {
  writeFileSync(join(folder, "program.mjs"), HEAD + program);
  const { stdout } = await run(process.execPath, ["--expose-gc", "program.mjs"], { cwd: folder });
  return JSON.parse(stdout) as T;
}

test("40,000 streams that are forgotten", async () => {
  const [before, after, stateBytes] = await told<[number, number, number]>(`
    const model = await load("small.safetensors");
    const open = () => { for (let i = 0; i < 1000; i++) model.stream(); };
    const { memoryBytes, stateBytes } = (open(), model.report());
    for (let i = 1; i < 40; i++) { open(); if (i % 4 === 0) await collect(); }
    say([memoryBytes, model.report().memoryBytes, stateBytes]);`);
  expect((after - before) / stateBytes).toBeLessThan(8000);
}, 60_000);

test("a stream that is disposed of, then collected, gives its state back once", async () => {
  const [first, second] = await told<number[][]>(`
    const model = await load("small.safetensors");
    (() => { model.stream().dispose(); using(model.stream()); })();
    function using(stream) { stream.step([1, 1]); stream.dispose(); stream.dispose(); }
    await collect();
    const [a, b] = [model.stream(), model.stream()];
    b.push([9, 8, 7, 6]);
    a.step([1, 2]);
    say([[...a.step([3, 4])], [...model.run([1, 2, 3, 4])].slice(-model.outputSize)]);`);
  expect(first).toEqual(second);
});

test("a stream at work is not collected, whoever holds it", async () => {
  const [piped, whole] = await told<number[][]>(`
    const model = await load("small.safetensors");
    const samples = Array.from({ length: 40 }, (_, i) => [Math.fround(i / 7 - 2), 1]);
    async function* slowly() { for (const sample of samples) { await collect(); yield sample; } }
    const outputs = [];
    for await (const rows of model.stream().over(slowly())) { model.stream().push([5, 5]); outputs.push(...rows); }
    say([outputs, [...model.run(samples.flat())]]);`);
  expect(piped).toEqual(whole);
}, 60_000);

test.each([
  ["forgotten", ""],
  ["disposed of while their streams are kept", "kept.push(model.stream()); model.dispose();"],
])(
  "30 models of 4 MB that are %s",
  async (_, use) => {
    const megabytes = await told<number>(`
    const kept = [];
    for (let i = 0; i < 30; i++) {
      await (async () => { const model = await load("heavy.safetensors"); model.stream(); ${use} })();
      if (i % 10 === 0) await collect();
    }
    await collect();
    say(process.memoryUsage().rss / 2 ** 20);`);
    expect(megabytes).toBeLessThan(180);
  },
  60_000,
);

test("streams and models in workers", async () => {
  const [before, after, ended, answer] = await told<[number, number, number, number]>(`
    import { Worker } from "node:worker_threads";
    import { load as loadAside, LmuWorker } from "${dist}worker/worker.js";
    let ended = 0;
    const { terminate } = Worker.prototype;
    Worker.prototype.terminate = function () { ended++; return terminate.call(this); };
    const worker = new LmuWorker();
    const model = await loadAside("small.safetensors", { worker });
    const open = async () => { for (let i = 0; i < 500; i++) await model.stream(); };
    await open();
    const { memoryBytes } = await model.report();
    for (let i = 0; i < 8; i++) { await open(); await collect(); }
    const { memoryBytes: after } = await model.report();
    // Nobody holds the model while it runs.
    const answer = (async () => (await loadAside("small.safetensors")).run(new Float32Array(1e5)))();
    const timer = setInterval(gc, 5);
    const output = await answer;
    clearInterval(timer);
    const until = Date.now() + 10_000;
    while (!ended && Date.now() < until) { await collect(); await rest(); }
    say([memoryBytes, after, ended, output.length]);
    worker.terminate();`);
  expect(after - before).toBeLessThan(before);
  expect(ended).toBe(1);
  expect(answer).toBe(3e5);
}, 60_000);
