import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileModel } from "../bindings/compile/compile.js";
import {
  EXPORT,
  SECTION,
  writeExports,
  writeGlobals,
  writeModule,
} from "../bindings/compile/sections.js";
import { load } from "../bindings/index.js";
import { CompiledHost, expectUnchanged } from "./support/compiled.js";
import { goldenFile } from "./support/golden.js";
import { loadMadeUp, makeUp } from "./support/models.js";
import { Random } from "./support/random.js";
import { grow } from "./support/random-model.js";
import { made } from "./support/stream.js";

/*
 * Hosts that keep to nothing: what the interface of docs/compiled.md does not name stays as it is, whatever they call. And
 * what the writer writes is valid, whatever the model.
 */

const random = new Random(3);
const host = async () => new CompiledHost(await loadMadeUp(made));
const MODELS = Number(process.env["RANDOM_MODELS"] ?? 60);

test("room is made once, and what there is no memory for is refused", async () => {
  const { exports, at } = await host();
  expect(exports.room(10)).toBe(at.heap);
  const before = exports.memory.buffer.byteLength;
  expect(exports.room(before)).toBe(at.heap);
  const after = exports.memory.buffer.byteLength;
  expect(after).toBe(Math.ceil((at.heap! + before) / 65536) * 65536);
  expect(exports.room(before)).toBe(at.heap);
  expect(exports.room(2 ** 32 - 1)).toBe(-1);
  expect(exports.memory.buffer.byteLength).toBe(after);
  for (const n of [before, 2 ** 28, 2 ** 29, 2 ** 31, 2 ** 32 - 1]) {
    expect(exports.push(n, 0)).toBe(-1);
  }
});

test("a model that knows seven positions takes seven steps, however they come", async () => {
  const layers = [{ name: "p", type: "positions" }] as const;
  const compiled = new CompiledHost(
    await loadMadeUp(makeUp({ width: 2 }, layers, { "p.weight": [7, 2] })),
  );
  const { exports, at } = compiled;
  const heap = exports.room(2 ** 16);
  compiled.push(random.floats(10));
  compiled.memory.copyWithin(heap, at.state!, at.state! + at.state_bytes!);
  expectUnchanged(compiled, () => exports.step(3), -1);
  expectUnchanged(compiled, () => exports.push(3, 0), -1);
  expectUnchanged(compiled, () => exports.run(heap, 1, 3, 0), -1);
  expectUnchanged(compiled, () => exports.score(heap, heap + 1024, 1, 8), -1);
  expect(exports.run(heap, 1, 2, 0)).toBe(2);
  expect(exports.step(2)).toBe(2);
  compiled.memory.fill(0, heap, heap + 1024);
  expect(exports.score(heap, heap + 1024, 1, 7)).toBe(7);
});

test("samples are counted in 64 bits where one output comes of any number", async () => {
  const layers = [{ name: "l", type: "last" }] as const;
  const compiled = new CompiledHost(await loadMadeUp(makeUp({ width: 2 }, layers, {})));
  const { exports } = compiled;
  const heap = exports.room(2 ** 20);
  expectUnchanged(compiled, () => exports.score(heap, heap, 2 ** 16, 2 ** 16 + 1), -1);
});

describe("addresses that are no host's", () => {
  const wild = (heap: number, end: number) => [0, 16, heap - 16, heap - 1, end, end + 64, -16, -1];

  test("write nothing", async () => {
    const compiled = await host();
    const { exports, at } = compiled;
    const { heap, input } = at as Record<string, number>;
    compiled.push(random.floats(20));
    compiled.write(random.floats(4));
    exports.room(2 ** 20);
    const bytes = compiled.save();
    compiled.memory.set(bytes, heap);
    for (const address of wild(heap!, compiled.memory.length)) {
      expectUnchanged(compiled, () => exports.run(address, 1, 1, 0), -1);
      expectUnchanged(compiled, () => exports.run(at.state!, 2, 1, 0), -1);
      expectUnchanged(compiled, () => exports.score(heap!, address, 1, 1), -1);
      expectUnchanged(compiled, () => exports.score(address, heap!, 1, 1), -1);
      expectUnchanged(compiled, () => exports.save(at.state!, address), 0);
      expectUnchanged(compiled, () => exports.save(address, heap!), 0);
      expectUnchanged(compiled, () => exports.restore(address, heap!, bytes.length), 1);
      expectUnchanged(compiled, () => exports.restore(at.state!, address, bytes.length), 1);
    }
    const end = compiled.memory.length;
    expectUnchanged(compiled, () => exports.score(heap!, end - 16, 1, 1), -1);
    expectUnchanged(compiled, () => exports.save(at.state!, end - bytes.length + 4), 0);
    expect(exports.save(at.state!, end - bytes.length)).toBe(bytes.length);
    expect(input).toBeLessThan(heap!);
  });

  test("nor do counts that overflow", async () => {
    const compiled = await host();
    const { exports, at } = compiled;
    const heap = at.heap!;
    for (const [count, length] of [
      [2 ** 31, 2],
      [2 ** 16, 2 ** 16],
      [2 ** 32 - 1, 2 ** 32 - 1],
      [1, 2 ** 32 - 1],
      [2 ** 28, 1],
      [-1, 1],
    ] as const) {
      expectUnchanged(compiled, () => exports.score(heap, heap, count, length), -1);
    }
  });
});

describe("calls at random, of wild and of right numbers", () => {
  test.each(["gru", "conv-front-end", "psmnist-shape"])("%s", async (name) => {
    const model = await load(goldenFile(`keras/${name}.keras`));
    const compiled = new CompiledHost(model);
    const { exports, at } = compiled;
    const { heap, state, state_bytes: bytes } = at as Record<string, number>;
    const { plan } = model.engineFor("test");
    exports.room(2 ** 20);
    const end = compiled.memory.length;
    // Four states, and behind them what samples, snapshots and outputs may go to; then what nobody names.
    const [states, open, canary] = [heap!, heap! + 4 * bytes!, end - 2 ** 18];
    compiled.memory.fill(0x5a, canary);
    const kept = (): Buffer[] => {
      const parts = [
        [0, plan.at],
        [plan.weightsAt, plan.slotsAt],
        [state! + bytes!, heap!],
        [canary, end],
      ];
      return parts.map(([from, to]) => Buffer.from(compiled.memory.slice(from, to)));
    };
    const before = kept();
    const one = (...values: number[]) => values[random.integer(values.length)]!;
    const count = () => one(0, 1, 2, 3, 16, 17, 64, 65, 2 ** 16, 2 ** 30, 2 ** 31, -1, -64);
    const wild = () => one(0, -1, 16, state! - 16, heap! - 4, end, end - 4, 2 ** 31, -(2 ** 16));
    const place = () => one(state!, states, states + bytes!, wild());
    const free = () => one(open, open + 64, wild());
    const CALLS = {
      step: () => exports.step(count()),
      end: () => exports.end(),
      reset: () => (exports.reset(), 0),
      run: () => exports.run(place(), count(), count(), one(0, 1, 2, -1)),
      score: () => exports.score(free(), free(), one(0, 1, 3, 20, -1), one(0, 1, 70, -1)),
      save: () => exports.save(place(), free()),
      restore: () => exports.restore(place(), free(), one(0, 32, 100, bytes!, -4)),
      write: () => (compiled.write([one(0, 1e9, NaN, -Infinity), ...random.floats(9)]), 0),
    };
    const names = Object.keys(CALLS) as (keyof typeof CALLS)[];
    for (let i = 0; i < 3000; i++) expect(CALLS[names[i % names.length]!]()).toBeTypeOf("number");
    kept().forEach((part, i) => expect(Buffer.compare(part, before[i]!)).toBe(0));
    // And it still counts right.
    exports.reset();
    const samples = random.floats(20 * model.inputSize);
    expect(compiled.push(samples)).toEqual(model.stream().push(samples));
  });
});

describe("what the writer writes", () => {
  test("numbers of any size come back", () => {
    const numbers = fc.array(fc.oneof(fc.integer(), fc.integer({ min: -130, max: 130 })));
    const property = fc.property(numbers, (values) => {
      const exports = values.map((_, i) => ({ name: `é${i}`, kind: EXPORT.global, index: i }));
      const sections = new Map([
        [SECTION.global, writeGlobals(values)],
        [SECTION.export, writeExports(exports)],
      ]);
      const text = new Uint8Array(values.length * 40);
      const module = new WebAssembly.Module(writeModule(sections, { x: text }));
      const found = Object.values(new WebAssembly.Instance(module).exports);
      expect(found.map((one) => (one as WebAssembly.Global).value as number)).toEqual(values);
      const [custom] = WebAssembly.Module.customSections(module, "x");
      expect(custom!.byteLength).toBe(text.length);
    });
    fc.assert(property, { seed: 1, numRuns: 200 });
  });

  test(`is valid for ${MODELS} random models, or they are refused`, async () => {
    const gene = fc.record({
      type: fc.constantFrom(
        "lmu",
        "convolution",
        "attention",
        "memory-attention",
        "lstm",
        "gru",
        "rnn",
        "pool",
        "activation",
        "layer-norm",
        "positions",
        "embedding",
        "global-pool",
      ),
      seed: fc.nat(2 ** 31 - 1),
    });
    const genome = fc.record({
      width: fc.integer({ min: 1, max: 40 }),
      readsTokens: fc.boolean(),
      steps: fc.constant(undefined),
      genes: fc.array(gene, { minLength: 1, maxLength: 8 }),
    });
    const property = fc.asyncProperty(genome, async (genes) => {
      const model = await loadMadeUp(grow(genes as Parameters<typeof grow>[0]));
      if (model.report().notStreamable !== undefined) return;
      const { bytes } = compileModel(model, "0", 100);
      expect(WebAssembly.validate(bytes)).toBe(true);
      model.dispose();
    });
    await fc.assert(property, { seed: 2, numRuns: MODELS });
  });
});
