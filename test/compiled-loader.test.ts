import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { compileModel } from "../bindings/compile/compile.js";
import type * as CompiledModule from "../bindings/compiled/compiled.js";
import { load as loadModel, type Model } from "../bindings/index.js";
import { goldenFile } from "./support/golden.js";
import { loadMadeUp, makeUp } from "./support/models.js";
import { Random } from "./support/random.js";
import { codeOf } from "./support/refusals.js";
import { made } from "./support/stream.js";

/*
 * The loader as it is shipped: what a stream of the package does, also to those who err.
 */

const built = new URL("../dist/compiled/compiled.js", import.meta.url).href;
const { load, instantiate } = (await import(built)) as typeof CompiledModule;
const bytesOf = (model: Model) => compileModel(model, "0.0.0").bytes;
const open = async () => load(bytesOf(await loadMadeUp(made)));

test("bytes, their buffer, a module, a response, promises of them", async () => {
  const bytes = bytesOf(await loadMadeUp(made));
  const module = new WebAssembly.Module(bytes);
  const response = new Response(bytes);
  const elsewhere = runInNewContext("new WebAssembly.Module(bytes)", { bytes }) as object;
  const sources = [bytes, bytes.buffer, module, elsewhere, response, Promise.resolve(bytes)];
  for (const source of sources) {
    expect((await load(source)).meta.outputSize).toBe(6);
  }
  expect(instantiate(module).position).toBe(0);
  await expect(load(new Uint8Array(9))).rejects.toThrow(WebAssembly.CompileError);
  await expect(load({} as Uint8Array)).rejects.toThrow(TypeError);
});

describe.each(["conv-front-end", "psmnist-shape", "gru", "separable"])("%s", (name) => {
  test("gives what its stream gives, in steps, chunks longer than a call, at the end", async () => {
    const folder = name === "separable" ? "layers" : "keras";
    const model = await loadModel(goldenFile(`${folder}/${name}.keras`));
    const [stream, compiled] = [model.stream(), await load(bytesOf(model))];
    const random = new Random(1);
    for (const steps of [3, 0, 64, 1, 200, 65]) {
      for (let t = 0; t < 5; t++) {
        const sample = random.floats(model.inputSize);
        expect(compiled.step(sample)).toEqual(stream.step(sample));
      }
      const chunk = random.floats(steps * model.inputSize);
      expect(compiled.push(chunk)).toEqual(stream.push(chunk));
      expect(compiled.position).toBe(stream.position);
      expect(compiled.save()).toEqual(stream.save());
    }
    expect(compiled.end()).toEqual(stream.end());
    compiled.reset();
    stream.reset();
    expect(compiled.push([])).toEqual(stream.push([]));
  });
});

test("pasts travel to the package and back", async () => {
  const model = await loadMadeUp(made);
  const compiled = await load(bytesOf(model));
  const [before, after] = [new Random(2).floats(60), new Random(3).floats(60)];
  compiled.push(before);
  const saved = compiled.save();
  const stream = model.restore(saved);
  const expected = stream.push(after);
  expect(compiled.push(after)).toEqual(expected);
  compiled.restore(saved);
  expect(compiled.push(after)).toEqual(expected);
});

test("a chunk may be longer than the memory was, and its outputs stay", async () => {
  const model = await loadMadeUp(made);
  const [compiled, stream] = [await load(bytesOf(model)), model.stream()];
  const chunk = new Random(4).floats(2 * 9000);
  const [outputs, expected] = [compiled.push(chunk), stream.push(chunk)];
  expect(compiled.push(chunk)).toEqual(stream.push(chunk));
  expect(outputs).toEqual(expected);
});

describe("who errs is told as by the package, and nothing changes", () => {
  const wrong: readonly [string, unknown][] = [
    ["NaN", [1, NaN]],
    ["infinity", [1, Infinity]],
    ["beyond f32", [1, 1e39]],
    ["three values", [1, 2, 3]],
    ["null", [null, 1]],
    ["text", ["1", "2"]],
    ["nothing", undefined],
    ["a number", 3],
  ];
  test.each(wrong)("%s", async (_, sample) => {
    const compiled = await open();
    const stream = (await loadMadeUp(made)).stream();
    const before = compiled.save();
    for (const method of ["step", "push"] as const) {
      const here = codeOf(() => compiled[method](sample as number[]));
      expect(here, method).toBe(codeOf(() => stream[method](sample as number[])));
      expect(here).not.toBe("nothing");
    }
    // The last of a hundred samples.
    const late = [...new Random(1).floats(200), ...(Array.isArray(sample) ? sample : [NaN, 0])];
    expect(codeOf(() => compiled.push(late))).toBe(codeOf(() => stream.push(late)));
    expect(compiled.save()).toEqual(before);
  });

  test("token ids", async () => {
    const shapes = { "e.weight": [5, 3] };
    const tokens = await loadMadeUp(
      makeUp({ vocabulary: 5 }, [{ name: "e", type: "embedding" }], shapes),
    );
    const [compiled, stream] = [await load(bytesOf(tokens)), tokens.stream()];
    for (const id of [5, -1, 0.5, NaN]) {
      expect(codeOf(() => compiled.step(id))).toBe("input-invalid");
      expect(codeOf(() => stream.step(id))).toBe("input-invalid");
    }
    expect(compiled.step(4)).toEqual(stream.step(4));
    expect(compiled.meta.vocabulary).toBe(5);
  });

  test("no sample and two, where one is due", async () => {
    const compiled = await open();
    for (const samples of [[], [1, 2, 3, 4]]) {
      expect(() => compiled.step(samples)).toThrow(RangeError);
    }
    expect(compiled.position).toBe(0);
  });

  test("a state beyond f32", async () => {
    const layers = [{ name: "r", type: "rnn", activation: "linear" }] as const;
    const { description } = makeUp({ width: 1 }, layers, {});
    const values = Float32Array.of(1e30);
    const tensors = new Map(
      ["r.input", "r.recurrent"].map((name) => [name, { shape: [1, 1], values }]),
    );
    const model = await loadMadeUp({ description, tensors });
    const [compiled, stream] = [await load(bytesOf(model)), model.stream()];
    for (let t = 0; t < 3; t++) expect(compiled.step(1)).toEqual(stream.step(1));
    expect(codeOf(() => compiled.save())).toBe("snapshot-invalid");
    expect(codeOf(() => stream.save())).toBe("snapshot-invalid");
  });

  test("after the end", async () => {
    const compiled = await open();
    compiled.end();
    for (const call of [() => compiled.step([1, 2]), () => compiled.push([]), compiled.end]) {
      expect(codeOf(call)).toBe("input-invalid");
    }
  });

  test("snapshots", async () => {
    const compiled = await open();
    compiled.push([1, 2]);
    const bytes = compiled.save();
    const other = await loadMadeUp(makeUp({ width: 1 }, [{ name: "l", type: "last" }], {}));
    for (const [snapshot, code] of [
      [bytes.slice(1), "snapshot-invalid"],
      [new Uint8Array(1e6), "snapshot-invalid"],
      [new Uint8Array(0), "snapshot-invalid"],
      [other.stream().save(), "snapshot-other-model"],
    ] as const) {
      expect(codeOf(() => compiled.restore(snapshot))).toBe(code);
    }
    expect(compiled.save()).toEqual(bytes);
  });
});
