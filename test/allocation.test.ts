import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type * as Index from "../bindings/index.js";
import type * as Worklet from "../bindings/worklet/worklet.js";
import { BLOCK, FakeContext, FakeNode } from "./support/audio.js";
import { heapBytesPerCall } from "./support/heap.js";
import { fileOf, type LmuChoice, lmuModel, makeUp } from "./support/models.js";
import { Random } from "./support/random.js";

/*
 * Nothing is allocated while a signal streams: not in wasm memory, and not on the JavaScript heap either, where even a
 * boxed number would be garbage to collect in the middle of a sound. The built package is tested, alone in its process:
 * code that many kinds of objects have gone through is compiled differently.
 */

const dist = new URL("../dist/", import.meta.url).href;
const { load } = (await import(`${dist}index.js`)) as typeof Index;
const { createLmuNode } = (await import(`${dist}worklet/worklet.js`)) as typeof Worklet;

const choice: LmuChoice = {
  ...{ inputs: 1, channels: 1, order: 12, theta: 30, hidden: "dense" as const, units: 1 },
  ...{ isFedBack: true, remembers: false, seesInput: true, hasBias: true, isLearned: false },
};
const signal = new Random(3).floats(BLOCK);

beforeAll(() => void vi.stubGlobal("AudioWorkletNode", FakeNode));
afterAll(() => void vi.unstubAllGlobals());

test.each([
  ["with the number itself", (stream: Index.Stream) => stream.step(0.5)],
  ["with an array", (stream: Index.Stream, sample: Float32Array) => stream.step(sample)],
  [
    "into an array",
    (stream: Index.Stream, sample: Float32Array, output: Float32Array) =>
      stream.step(sample, output),
  ],
])("stream.step %s allocates nothing", async (_, step) => {
  const model = await load(fileOf(lmuModel(choice, 1)));
  const stream = model.stream();
  const [sample, output] = [signal.subarray(0, 1), new Float32Array(1)];
  const { memoryBytes } = model.report();
  expect(heapBytesPerCall(() => step(stream, sample, output))).toBe(0);
  expect(model.report().memoryBytes).toBe(memoryBytes);
});

test.each([
  ["the same", [{ dt: 0.3 }], 0],
  // V8 boxes a number or two where times change.
  ["in turn", [{ dt: 0.3 }, { dt: 2.7 }], 64],
  ["with silence", [{ dt: 5, between: "zero" as const }, { dt: 1 }], 64],
])("stream.step by times that have come before: %s", async (_, options, bytes) => {
  const model = await load(fileOf(lmuModel(choice, 1)));
  const [stream, output] = [model.stream(), new Float32Array(1)];
  let t = 0;
  const step = () => stream.step(0.5, output, options[t++ % options.length]);
  expect(heapBytesPerCall(step, 10_000, bytes)).toBeLessThanOrEqual(bytes);
});

test("stream.step of token ids allocates nothing", async () => {
  const layers = [{ name: "e", type: "embedding" }] as const;
  const model = await load(fileOf(makeUp({ vocabulary: 9 }, layers, { "e.weight": [9, 4] })));
  const [stream, output] = [model.stream(), new Float32Array(4)];
  expect(heapBytesPerCall(() => stream.step(3, output))).toBe(0);
});

test("a tick of a pool allocates nothing, nor do its samples and outputs", async () => {
  const model = await load(fileOf(lmuModel(choice, 1)));
  const pool = model.pool(41);
  const ids = Array.from({ length: 40 }, () => pool.open());
  const [sample, output] = [signal.subarray(0, 1), new Float32Array(1)];
  let at = 0;
  const turn = () => {
    // Some get several samples, some none.
    for (let i = 0; i < 30; i++) pool.push(ids[(at = (at + 7) % 40)]!, i % 2 ? sample : 0.5);
    pool.tick();
    for (const id of ids) pool.output(id, output);
  };
  const { memoryBytes } = model.report();
  expect(heapBytesPerCall(turn, 1000)).toBe(0);
  expect(heapBytesPerCall(() => pool.close(pool.fork(ids[0]!)))).toBe(0);
  expect(model.report().memoryBytes).toBe(memoryBytes);
});

test.each([
  ["sample by sample", 1],
  ["in frames", 48],
])("process of the audio node allocates nothing, %s", async (_, inputs) => {
  const model = await load(fileOf(lmuModel({ ...choice, inputs }, 1)));
  const context = new FakeContext();
  await createLmuNode(context as unknown as BaseAudioContext, model, { shared: true });
  const [heard, played] = [[[signal]], [[new Float32Array(BLOCK)]]];
  expect(heapBytesPerCall(() => context.processor!.process(heard, played), 2000)).toBe(0);
});

test("the measurement sees a boxed number", () => {
  const kept: unknown[] = [0];
  expect(heapBytesPerCall(() => (kept[0] = { value: Math.random() }))).toBeGreaterThan(0);
});
