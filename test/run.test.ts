import { describe, expect, test } from "vitest";
import { loadMadeUp, makeUp } from "./support/models.js";
import { made } from "./support/stream.js";

describe("Model.run()", () => {
  test.each([
    [[1, 2, 3], {}, "input has 3 values, expected batch 1 × steps × 2"],
    [[], {}, "input has 0 values"],
    [[1, 2], { batch: 0 }, "batch is 0, expected an integer from 1"],
    [[1, 2], { batch: 3 }, "input has 2 values, expected batch 3 × steps × 2"],
    [[1, 2], { output: new Float32Array(1) }, "output has 1 values, expected 6"],
  ])("refuses %j with %j", async (input, options, message) => {
    const model = await loadMadeUp(made);
    expect(() => model.run(input, options)).toThrow(RangeError);
    expect(() => model.run(input, options)).toThrow(message);
  });

  test("refuses ids outside the vocabulary", async () => {
    const layers = [{ name: "e", type: "embedding" }] as const;
    const model = await loadMadeUp(makeUp({ vocabulary: 5 }, layers, { "e.weight": [5, 2] }));
    expect(model.vocabulary).toBe(5);
    for (const id of [5, -1, 1.5, NaN]) {
      expect(() => model.run([id])).toThrow(`input[0] is ${id}, expected a token id from 0 to 4`);
    }
  });

  test("refuses a sequence too short for one output, and a wrong fixed length", async () => {
    const valid = [{ name: "c", type: "convolution" }] as const;
    const shortModel = await loadMadeUp(makeUp({ width: 1 }, valid, { "c.weight": [1, 4, 1] }));
    expect(() => shortModel.run([1, 2, 3])).toThrow("3 steps are too few for one output");
    const flat = await loadMadeUp(
      makeUp({ width: 1, steps: 4 }, [{ name: "f", type: "flatten" }], {}),
    );
    expect(() => flat.run([1, 2, 3])).toThrow("input has 3 values, expected 4");
    expect(() => flat.stream()).toThrow("f needs all 4 steps at once; use model.run()");
  });

  test("its report adds up", async () => {
    const model = await loadMadeUp(made);
    const report = model.report();
    expect(report).toMatchObject({
      format: "lmu-wasm",
      inputSize: 2,
      outputSize: 6,
      returnsSequence: true,
    });
    const count = [...made.tensors.values()].reduce((sum, { values }) => sum + values.length, 0);
    expect(report.parameters).toBe(count);
    // The header holds the position.
    const ofLayers = report.layers.reduce((sum, layer) => sum + layer.stateBytes, 0);
    expect(report.stateBytes).toBe(16 + ofLayers);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });
});
