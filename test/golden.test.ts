import { describe, expect, test } from "vitest";
import { load } from "../bindings/index.js";
import { readKerasHdf5 } from "../bindings/formats/keras/keras.js";
import {
  distance,
  goldenCases,
  goldenFile,
  goldenTensors,
  kerasConfig,
  valuesOf,
} from "./support/golden.js";

/*
 * Files written by the real frameworks, at the bounds of test/golden/README.md: 1e-5 from the same network in float64,
 * and 1e-5 + 2 × its own error from what Keras printed; both times the scale of the outputs when it is above 1.
 */

describe.each(["keras", "legacy", "layers"])("%s", (folder) => {
  const cases = goldenCases(folder).flatMap((golden) =>
    golden.files.filter((file) => /\.(keras|h5)$/.test(file)).map((file) => ({ file, golden })),
  );

  test.each(cases)("$file", async ({ file, golden }) => {
    const io = goldenTensors(`${folder}/${golden.io}`);
    const input = io.get("input")!;
    const [batch] = input.shape;
    const isWeights = file.endsWith(".weights.h5");
    const model = await load(
      goldenFile(`${folder}/${file}`),
      isWeights ? { config: await kerasConfig(`${folder}/${golden.name}.keras`) } : {},
    );
    const values = valuesOf(input);
    const samples = input.dtype === "i32" ? Int32Array.from(values) : Float32Array.from(values);
    const output = model.run(samples, { batch: batch! });
    const scale = Math.max(1, golden.scale ?? 1);
    expect(distance(output, valuesOf(io.get("output_f64")!))).toBeLessThanOrEqual(1e-5 * scale);
    if (io.has("output")) {
      const bound = (1e-5 + 2 * (golden.keras_error ?? 0)) * scale;
      expect(distance(output, valuesOf(io.get("output")!))).toBeLessThanOrEqual(bound);
    }
    if (model.report().notStreamable) expect(() => model.stream()).toThrow("use model.run()");
    else expect(stream(model, samples, batch!)).toEqual(output);
    model.dispose();
  });

  /** The same sequences as streams, in chunks of 7 samples. */
  function stream(
    model: Awaited<ReturnType<typeof load>>,
    samples: Int32Array | Float32Array,
    batch: number,
  ): Float32Array {
    const length = samples.length / batch;
    const outputs: number[] = [];
    const live = model.stream();
    for (let b = 0; b < batch; b++) {
      live.reset();
      for (let at = 0; at < length; at += 7 * model.inputSize) {
        const end = Math.min(at + 7 * model.inputSize, length);
        const rows = live.push(samples.subarray(b * length + at, b * length + end));
        if (model.returnsSequence) for (const value of rows) outputs.push(value);
      }
      for (const value of live.end()) outputs.push(value);
    }
    return Float32Array.from(outputs);
  }
});

describe("what a reader must find out", () => {
  test("keras-lmu 0.1 files name neither order nor theta", async () => {
    const [classifier] = goldenCases("legacy") as unknown as [{ order: number; theta: number }];
    const { description, notes } = await readKerasHdf5(
      goldenFile("legacy/keras-lmu-0.1-classifier.h5"),
    );
    const layer = description.layers.find(({ type }) => type === "lmu");
    expect(layer).toMatchObject({ order: classifier.order, theta: classifier.theta });
    expect(notes.join()).toContain("A - I, transposed");
  });

  test("a trained theta is the one of the weights", async () => {
    const model = await load(goldenFile("keras/trained-theta-zoh.keras"));
    expect(model.report().notes).toEqual([expect.stringContaining("as trained")]);
  });
});
