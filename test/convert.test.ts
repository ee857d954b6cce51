import { describe, expect, test } from "vitest";
import { type StoredType, writeNative } from "../bindings/formats/native/write.js";
import { load, type LoadOptions } from "../bindings/index.js";
import { readCheckpoint } from "../bindings/formats/read.js";
import { toBfloat16, toHalf } from "../bindings/formats/containers/half.js";
import { fromHalf } from "../bindings/tensor.js";
import {
  distance,
  goldenCases,
  goldenFile,
  goldenTensors,
  kerasConfig,
  valuesOf,
} from "./support/golden.js";
import { Random } from "./support/random.js";
import { FILES, ioPath } from "./support/torch.js";

/** Every golden with its inputs and the options that it needs. */
const GOLDENS: readonly [string, string, () => Promise<LoadOptions>][] = [
  ...["keras", "legacy", "layers"].flatMap((folder) =>
    goldenCases(folder).flatMap(({ files, io, name }) =>
      files
        .filter((file) => /\.(keras|h5)$/.test(file))
        .map((file): [string, string, () => Promise<LoadOptions>] => [
          `${folder}/${file}`,
          `${folder}/${io}`,
          async () =>
            file.endsWith(".weights.h5")
              ? { config: await kerasConfig(`${folder}/${name}.keras`) }
              : {},
        ]),
    ),
  ),
  ...FILES.map(([path, layers]): [string, string, () => Promise<LoadOptions>] => [
    path,
    ioPath(path),
    async () => ({ layers }),
  ]),
];

describe("a file of any format, written as native and read again, gives the same bits", () => {
  test.each(GOLDENS)("%s", async (path, io, options) => {
    const given = await options();
    const input = goldenTensors(io).get("input")!;
    const values = valuesOf(input);
    const batch = { batch: input.shape[0]! };
    const direct = (await load(goldenFile(path), given)).run(values, batch);
    const native = writeNative(await readCheckpoint(goldenFile(path), given));
    const model = await load(native);
    expect(model.run(values, batch)).toEqual(direct);
    expect(model.report().format).toBe("lmu-wasm");
    // Nothing derivable is stored: weights, and a description of a few thousand characters.
    expect(native.length).toBeLessThan(goldenFile(path).length + 8192);
  });

  test.each(["f32", "f16", "bf16", "int8"] as const)(
    "twice is as good as once, stored as %s",
    async (stored: StoredType) => {
      const checkpoint = await readCheckpoint(goldenFile("keras/stack-classifier.keras"));
      const once = writeNative(checkpoint, stored);
      const twice = writeNative(await readCheckpoint(once), stored);
      const input = new Random(1).floats(100);
      const [a, b] = await Promise.all([load(once), load(twice)]);
      expect(distance(a.run(input), b.run(input))).toBeLessThan(stored === "int8" ? 1e-6 : 1e-30);
    },
  );
});

describe("half precision", () => {
  test("every half survives the way to f32 and back", () => {
    const halves = Array.from({ length: 0x10000 }, (_, bits) => bits);
    const lost = halves.filter((bits) => {
      const value = fromHalf(bits);
      return !Number.isNaN(value) && toHalf(value) !== bits;
    });
    expect(lost).toEqual([]);
  });

  test("rounds to the nearest, ties to even", () => {
    expect(fromHalf(toHalf(1 + 2 ** -11))).toBe(1);
    expect(fromHalf(toHalf(1 + 3 * 2 ** -11))).toBe(1 + 2 ** -9);
    expect(fromHalf(toHalf(65519))).toBe(65504);
    expect(fromHalf(toHalf(65520))).toBe(Infinity);
    expect(fromHalf(toHalf(2 ** -25))).toBe(0);
    expect(fromHalf(toHalf(-3 * 2 ** -25))).toBe(-(2 ** -23));
    expect(toBfloat16(1 + 2 ** -8)).toBe(0x3f80);
    expect(toBfloat16(1 + 3 * 2 ** -8)).toBe(0x3f82);
    expect(Number.isNaN(fromHalf(toHalf(NaN)))).toBe(true);
  });
});
