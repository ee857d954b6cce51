import { describe, expect, test } from "vitest";
import { writeNative } from "../bindings/formats/native/write.js";
import { load } from "../bindings/index.js";
import { tensorOfValues } from "../bindings/tensor.js";
import { file, input, made, streamOf } from "./support/file.js";
import { Random } from "./support/random.js";

describe("native files", () => {
  test("a large one loads from a stream without being held in memory", async () => {
    const [outputs, inputs] = [2048, 2048]; // 16 MB of weights
    const layers = [{ name: "d", type: "dense" }] as const;
    const row = new Random(9).floats(inputs);
    const big = writeNative({
      format: "lmu-wasm",
      description: { version: 1, input: { width: inputs }, layers },
      tensors: new Map([
        [
          "d.weight",
          { dtype: "f32" as const, shape: [outputs, inputs], at: (i: number) => row[i % inputs]! },
        ],
      ]),
      notes: [],
      warnings: [],
    });
    let live = 0;
    let most = 0;
    const source = new ReadableStream<Uint8Array>({
      pull(controller) {
        const piece = big.subarray(live, live + 65536);
        if (piece.length === 0) return controller.close();
        live += piece.length;
        most = Math.max(most, process.memoryUsage().arrayBuffers);
        controller.enqueue(piece.slice());
      },
    });
    const before = process.memoryUsage().arrayBuffers;
    const model = await load(source);
    const ones = new Float32Array(inputs).fill(1);
    const sum = row.reduce((a, b) => a + b, 0);
    expect(model.run(ones)[outputs - 1]).toBeCloseTo(sum, 3);
    // Wasm memory is the model; beside it nothing of the file's size.
    expect(most - before).toBeLessThan(model.report().memoryBytes + big.length / 2);
  });

  test.each(["f16", "bf16", "int8"] as const)("weights may be stored as %s", async (stored) => {
    const tensors = new Map(
      [...made.tensors].map(([name, { shape, values }]) => [name, tensorOfValues(shape, values)]),
    );
    const checkpoint = {
      format: "",
      description: made.description,
      tensors,
      notes: [],
      warnings: [],
    };
    const bytes = writeNative(checkpoint, stored);
    expect(bytes.length).toBeLessThan(file.length);
    const [exact, rounded] = [await load(file), await load(bytes)].map((model) => model.run(input));
    const worst = exact!.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - rounded![i]!)),
      0,
    );
    expect(worst).toBeGreaterThan(0);
    expect(worst).toBeLessThan({ f16: 2e-3, bf16: 2e-2, int8: 2e-2 }[stored]);
  });

  test("a file that goes on after its last tensor is refused", async () => {
    const longer = new Uint8Array(file.length + 1);
    longer.set(file);
    await expect(load(streamOf(longer, 50))).rejects.toMatchObject({ code: "format-invalid" });
  });
});
