import { readFileSync } from "node:fs";
import { brotliCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { compileModel } from "../bindings/compile/compile.js";
import { load } from "../bindings/index.js";
import { CASES } from "../bindings/compile/template.js";
import { ACTIVATION_KINDS, KINDS } from "../bindings/runtime/records.js";
import { templateModule } from "../scripts/reach.mjs";
import { CompiledHost, expectUnchanged } from "./support/compiled.js";
import { goldenFile } from "./support/golden.js";
import { loadMadeUp, makeUp } from "./support/models.js";
import { Random } from "./support/random.js";
import { made } from "./support/stream.js";
import { forged } from "./support/snapshot.js";

/*
 * The interface of docs/compiled.md, in the hands of hosts that keep to it and of hosts that do not.
 */

const LIMIT = "a call that brings too much";
const random = new Random(3);
const host = async () => new CompiledHost(await loadMadeUp(made));

test("nothing is imported, and what is exported is what the page says", async () => {
  const { bytes, meta } = compileModel(await loadMadeUp(made), "1.2.3");
  const module = new WebAssembly.Module(bytes);
  expect(WebAssembly.Module.imports(module)).toEqual([]);
  const kinds = { function: "function", global: "global", memory: "memory" } as const;
  const names = (kind: keyof typeof kinds) =>
    WebAssembly.Module.exports(module).filter((one) => one.kind === kinds[kind]);
  const text = readFileSync(new URL("../docs/compiled.md", import.meta.url), "utf8");
  const [page, ofMeta] = text.split("### The section") as [string, string];
  const rows = [...page.matchAll(/^\| `([a-z_]+)(\(.*?\))?[^`]*`/gm)];
  const wanted = (isFunction: boolean) =>
    rows.filter(([, , args]) => isFunction === !!args).map(([, name]) => name!);
  expect(
    names("function")
      .map(({ name }) => name)
      .sort(),
  ).toEqual(wanted(true).sort());
  expect([...names("global"), ...names("memory")].map(({ name }) => name).sort()).toEqual(
    wanted(false).sort(),
  );
  const { exports } = new WebAssembly.Instance(module);
  for (const { name } of names("global")) {
    expect(() => ((exports[name] as WebAssembly.Global).value = 0), name).toThrow(TypeError);
  }
  const [section] = WebAssembly.Module.customSections(module, "lmu");
  expect(JSON.parse(new TextDecoder().decode(section))).toEqual(meta);
  const optional = { vocabulary: 5, maxSteps: 7, labels: ["up"] };
  const fields = [...ofMeta.matchAll(/^\| `([a-zA-Z]+)` +\|/gm)].map(([, name]) => name!);
  expect(fields.sort()).toEqual(Object.keys({ ...meta, ...optional }).sort());
  expect(meta).toMatchObject({ abi: 1, version: "1.2.3", inputSize: 2, lookAhead: 0 });
});

test("constants stand where those of the editions stand, below the plan", async () => {
  const template = new WebAssembly.Module(readFileSync("build/compiled.wasm"));
  const { heapBase } = new WebAssembly.Instance(template).exports as { heapBase(): number };
  const { plan } = (await loadMadeUp(made)).engineFor("test");
  expect(plan.at).toBeGreaterThanOrEqual(heapBase());
});

test("every kind of record and activation is known to reach a function", () => {
  expect(CASES.layers.length).toBe(KINDS.length);
  expect(CASES.activations.length).toBe(ACTIVATION_KINDS.length);
  const idle = [...CASES.layers, ...CASES.activations].filter((functions) => !functions.length);
  expect(idle).toEqual([[]]);
  const url = new URL("../bindings/compile/template.ts", import.meta.url);
  expect(readFileSync(url, "utf8")).toBe(templateModule());
});

test("a model that reaches little is little: 11 KB of brotli with the loader", async () => {
  const model = await load(goldenFile("keras/gru.keras"));
  const loader = new URL("../dist/compiled/compiled.js", import.meta.url);
  const files = [compileModel(model, "0").bytes, readFileSync(loader)];
  const sizes = files.map((bytes) => brotliCompressSync(bytes).length);
  expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(11_100);
});

test(`${LIMIT} does nothing`, async () => {
  const compiled = await host();
  const { exports, at } = compiled;
  compiled.push(random.floats(20));
  compiled.write(random.floats(2 * at.steps!));
  const { steps, heap, state_bytes: bytes } = at as Record<string, number>;
  for (const n of [steps! + 1, 2 ** 31, 2 ** 32 - 1, -1]) {
    expectUnchanged(compiled, () => exports.step(n), -1);
    expectUnchanged(compiled, () => exports.run(heap!, 1, n, 0), -1);
  }
  const pages = Math.ceil((heap! + 17 * bytes!) / 65536) - compiled.memory.length / 65536;
  if (pages > 0) exports.memory.grow(pages);
  for (const streams of [0, 17, 2 ** 31, 2 ** 32 - 1]) {
    expectUnchanged(compiled, () => exports.run(heap!, streams, 1, 0), -1);
  }
  expectUnchanged(compiled, () => exports.run(heap!, 16, 5, 0), -1);
  expectUnchanged(compiled, () => exports.score(heap!, heap!, 1, 0), -1);
  expect(exports.step(steps!)).toBe(steps);
});

test.each([NaN, Infinity, -Infinity])("an input of %d does nothing", async (value) => {
  const compiled = await host();
  const { exports, at } = compiled;
  compiled.push(random.floats(20));
  compiled.write([1, 1, 1, value]);
  expectUnchanged(compiled, () => exports.step(2), -2);
  expectUnchanged(compiled, () => exports.run(at.heap!, 1, 2, 0), -2);
  new Float32Array(exports.memory.buffer, at.heap, 4).set([1, 1, 1, value]);
  expectUnchanged(compiled, () => exports.score(at.heap!, at.heap! + 64, 1, 2), -2);
  expect(exports.step(1)).toBe(1);
});

test("an id beyond the vocabulary does nothing", async () => {
  const tokens = await loadMadeUp(
    makeUp({ vocabulary: 5 }, [{ name: "e", type: "embedding" }], { "e.weight": [5, 3] }),
  );
  const compiled = new CompiledHost(tokens);
  for (const id of [5, -1, 2 ** 31 - 1]) {
    compiled.write([id]);
    expectUnchanged(compiled, () => compiled.exports.step(1), -2);
  }
  expect(compiled.push([4])).toEqual(tokens.run([4]));
});

test("any number of samples in doubles: what the package gives, ends and newest outputs included", async () => {
  for (const name of ["conv-front-end", "gru", "psmnist-shape", "embedding-language-model"]) {
    const model = await load(goldenFile(`keras/${name}.keras`));
    const [compiled, stream] = [new CompiledHost(model), model.stream()];
    const { at, exports } = compiled;
    const sample = () => {
      const floats = random.floats(model.inputSize);
      return model.vocabulary ? Int32Array.of(random.integer(model.vocabulary)) : floats;
    };
    for (const n of [1, 0, 200, 3, 64, 65]) {
      const samples = Array.from({ length: n }, () => [...sample()]).flat();
      new Float64Array(exports.memory.buffer, exports.room(8 * samples.length)).set(samples);
      const rows = exports.push(n, 0);
      const from = at.heap! + 8 * samples.length;
      const outputs = new Float32Array(exports.memory.buffer, from, rows * at.outputs!).slice();
      expect(outputs).toEqual(stream.push(samples));
      const one = sample();
      new Float64Array(exports.memory.buffer, at.heap).set(one);
      expect(exports.push(1, 2)).toBe(1);
      const newest = new Float32Array(exports.memory.buffer, at.heap! + 8 * one.length, at.outputs);
      expect(newest).toEqual(stream.step(one));
    }
    const rows = exports.push(0, 1);
    const last = new Float32Array(exports.memory.buffer, at.heap, rows * at.outputs!);
    expect(last).toEqual(stream.end());
    expectUnchanged(compiled, () => exports.push(1, 0), -1);
  }
});

test("after the end nothing goes on but reset and restore", async () => {
  const compiled = await host();
  const { exports, at } = compiled;
  compiled.push(random.floats(4));
  const bytes = compiled.save();
  expect(exports.end()).toBe(0);
  for (const call of [() => exports.step(1), () => exports.step(0), exports.end]) {
    expectUnchanged(compiled, call, -1);
  }
  expectUnchanged(compiled, () => exports.run(at.state!, 1, 1, 0), -1);
  expect(compiled.restore(bytes)).toBe(0);
  expect(exports.step(1)).toBe(1);
});

test("many states in one instance, of zeros at first, give what streams give", async () => {
  const model = await load(goldenFile("keras/conv-front-end.keras"));
  const compiled = new CompiledHost(model);
  const { exports, at } = compiled;
  const { heap, state_bytes: bytes, outputs } = at as Record<string, number>;
  exports.memory.grow(8);
  const streams = Array.from({ length: 5 }, () => model.stream());
  for (let tick = 0; tick < 40; tick++) {
    const n = 1 + (tick % 3);
    const isEnd = tick === 39;
    const chunks = streams.map(() => random.floats(n * model.inputSize));
    chunks.forEach((chunk, s) => {
      for (let t = 0; t < n; t++) {
        const sample = chunk.subarray(t * model.inputSize, (t + 1) * model.inputSize);
        compiled.write(sample, t * 5 + s);
      }
    });
    const rows = exports.run(heap!, 5, n, Number(isEnd));
    streams.forEach((stream, s) => {
      const expected = [...stream.push(chunks[s]!), ...(isEnd ? stream.end() : [])];
      if (model.returnsSequence) expect([...compiled.read(rows, s, 5)]).toEqual(expected);
      else {
        const newest = new Float32Array(exports.memory.buffer, exports.latest(heap! + s * bytes!));
        expect([...newest.subarray(0, outputs)]).toEqual(expected.slice(-outputs!));
      }
    });
  }
});

test("snapshots that are broken, newer or of another model change nothing", async () => {
  const compiled = await host();
  const { exports, at } = compiled;
  compiled.push(random.floats(20));
  const bytes = compiled.save();
  const change = (offset: number, value: number) =>
    forged(bytes, (view) => view.setUint8(offset, value));
  const nan = forged(bytes, (view) => view.setFloat32(28, NaN, true));
  const broken = bytes.slice();
  broken[30]! ^= 1;
  const refused: [Uint8Array, number][] = [
    ...[broken, nan, change(0, 1), change(5, 3), change(6, 2), change(22, 255)].map(
      (one): [Uint8Array, number] => [one, 1],
    ),
    ...[0, 4, 31, bytes.length - 4].map((end): [Uint8Array, number] => [bytes.slice(0, end), 1]),
    [change(4, 2), 2],
    [change(8, bytes[8]! ^ 1), 3],
    [change(12, bytes[12]! ^ 1), 3],
  ];
  for (const [snapshot, code] of refused) {
    compiled.memory.set(snapshot, at.heap);
    expectUnchanged(compiled, () => exports.restore(at.state!, at.heap!, snapshot.length), code);
  }
  expect(compiled.save()).toEqual(bytes);
});

test("a state that is not finite is not saved", async () => {
  const compiled = await host();
  new Float32Array(compiled.exports.memory.buffer).fill(
    Infinity,
    (compiled.at.state! + 16) / 4,
    (compiled.at.state! + 20) / 4,
  );
  expect(compiled.exports.save(compiled.at.state!, compiled.at.heap!)).toBe(0);
});

test("a model that needs its whole sequence is refused with the reason", async () => {
  const model = await loadMadeUp(makeUp({ width: 1 }, [{ name: "r", type: "reverse" }], {}));
  expect(() => compileModel(model, "0")).toThrow(
    "Cannot compile the model: r reads the sequence from its end",
  );
});
