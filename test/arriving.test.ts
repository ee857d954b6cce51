import { expect, test, vi } from "vitest";
import { Arriving } from "../bindings/formats/arriving.js";
import { headerLength, parseHeader, PORTION } from "../bindings/formats/containers/safetensors.js";
import { writeNative, writeSafetensors } from "../bindings/formats/native/write.js";
import { readCheckpoint } from "../bindings/formats/read.js";
import { load } from "../bindings/index.js";
import { Budget } from "../bindings/source/budget.js";
import { openReader } from "../bindings/source/reader.js";
import { concatenateRows, sizeOf, type Tensor, transpose } from "../bindings/tensor.js";
import { gpt2Files, gpt2Weights } from "../bench/language.js";

const FILE = writeSafetensors(
  [
    [[2, 3], 0],
    [[2, 3], 10],
    [[1], 20],
    [[1, 3], 30],
  ].map(([shape, first], i) => ({
    name: "abcd"[i]!,
    dtype: "F32",
    shape: shape as number[],
    bytes: new Uint8Array(
      Float32Array.from({ length: sizeOf(shape as number[]) }, (_, k) => (first as number) + k)
        .buffer,
    ),
  })),
);

async function arriving(file: Uint8Array, maxBytes?: number) {
  const header = parseHeader(FILE.subarray(8, 8 + headerLength(FILE)), undefined);
  return new Arriving(new Map([[await openReader(file, {}), header]]), new Budget(maxBytes));
}

/** What is written, element by element, in order. */
async function written(files: Arriving, made: Record<string, Tensor>) {
  const found: [string, ...number[]][] = [];
  const write = (name: string, rows: Tensor) => {
    const values = Array.from({ length: sizeOf(rows.shape) }, (_, i) => rows.at(i));
    found.push([name, ...values]);
  };
  await files.take(new Map(Object.entries(made)), { write });
  return found;
}

test("gives tensors, and views of them, as soon as all that they need is there", async () => {
  const files = await arriving(FILE);
  const [a, b, , d] = ["a", "b", "c", "d"].map((name) => files.tensors.get(name)!);
  const made = {
    ...{ tall: concatenateRows([d!, a!]), turned: transpose(b!), same: d! },
    wide: transpose(concatenateRows([a!, b!])),
  };
  expect(await written(files, made)).toEqual([
    ["turned", 10, 13, 11, 14, 12, 15],
    ["wide", 0, 3, 10, 13, 1, 4, 11, 14, 2, 5, 12, 15],
    ["tall", 30, 31, 32, 0, 1, 2, 3, 4, 5],
    ["same", 30, 31, 32],
  ]);
  // Nothing is held afterwards.
  expect(() => a!.at(0)).toThrow("too early");
});

test("refuses files that end early, or late", async () => {
  for (const file of [FILE.subarray(0, -1), Uint8Array.of(...FILE, 0)]) {
    const files = await arriving(file);
    await expect(written(files, {})).rejects.toMatchObject({ code: "format-invalid" });
  }
});

test("holds what waits for other tensors within maxBytes, and counts it until it is let go", async () => {
  // tall needs d, the last, and a of 24 bytes; turned needs b of 24 alone, once a may have gone.
  const cases = [
    { names: ["turned"], most: 24 },
    { names: ["twice", "turned"], most: 24 },
    { names: ["tall"], most: 36 },
    { names: ["tall", "turned"], most: 48 },
    { names: ["same"], most: 0 },
  ];
  for (const { names, most } of cases) {
    const take = async (maxBytes: number) => {
      const files = await arriving(FILE, maxBytes);
      const [a, b, , d] = ["a", "b", "c", "d"].map((name) => files.tensors.get(name)!);
      const made: Record<string, Tensor> = {
        ...{ tall: concatenateRows([d!, a!]), turned: transpose(b!), same: d! },
        twice: concatenateRows([a!, a!]),
      };
      return written(files, Object.fromEntries(names.map((name) => [name, made[name]!])));
    };
    expect((await take(most)).map(([name]) => name).sort()).toEqual([...names].sort());
    if (most === 0) continue;
    const refused = { code: "source-too-large", message: expect.stringContaining("maxBytes") };
    await expect(take(most - 1)).rejects.toMatchObject(refused);
  }
});

const SHAPE = { vocabulary: 64, width: 16, blocks: 2 };
const GPT2 = gpt2Files(gpt2Weights(SHAPE, 8), SHAPE, 2, 8);

test("holds no language model beside its weights in wasm memory", async () => {
  // The largest view: 16 × 64 of f32.
  const model = await load(GPT2, { maxBytes: 4096 });
  expect(model.vocabulary).toBe(64);
  await expect(load(GPT2, { maxBytes: 4095 })).rejects.toMatchObject({ code: "source-too-large" });
});

test("gives the weights that a whole file gives", async () => {
  const ids = Int32Array.of(1, 63, 0, 7, 7, 30, 2, 5);
  const streamed = (await load(GPT2)).run(ids);
  const native = writeNative(await readCheckpoint(GPT2));
  expect((await load(native)).run(ids)).toEqual(streamed);
});

test("holds no long row uncounted: one that nobody needs is skipped, and one that somebody needs is kept", async () => {
  const row = { dtype: "F32", shape: [1, 2 ** 19], bytes: new Uint8Array(2 ** 21) };
  const file = writeSafetensors(["junk", "wide"].map((name) => ({ name, ...row })));
  const header = parseHeader(file.subarray(8, 8 + headerLength(file)), undefined);
  const take = async (maxBytes: number) => {
    const reader = await openReader(file, {});
    const takes = vi.spyOn(reader, "take");
    const files = new Arriving(new Map([[reader, header]]), new Budget(maxBytes));
    const found = await written(files, { wide: files.tensors.get("wide")! });
    return [found.length, Math.max(...takes.mock.calls.map(([bytes]) => bytes))];
  };
  expect(await take(2 ** 21)).toEqual([1, PORTION]);
  await expect(take(2 ** 21 - 1)).rejects.toMatchObject({ code: "source-too-large" });
});
