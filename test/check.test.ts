import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Tensor } from "../bindings/tensor.js";
import { ioFile, runCommand } from "./support/command.js";
import { goldenTensors, valuesOf } from "./support/golden.js";

/*
 * `lmu-wasm check`: which rows it compares, and what it says of differences. Judged by the frameworks' own outputs.
 */

const keras = (name: string) => fileURLToPath(new URL(`golden/keras/${name}`, import.meta.url));
let folder = "";

beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "lmu-wasm-check-"))));
afterAll(() => rmSync(folder, { recursive: true }));

interface Checked {
  readonly passes: boolean;
  readonly comparisons: readonly {
    readonly output: string;
    readonly rows: string;
    readonly difference: number;
  }[];
  readonly explanations: readonly string[];
}

/** What check says of a golden model and changed tensors of its io file. */
async function check(model: string, tensors: Readonly<Record<string, Tensor>>): Promise<Checked> {
  const io = join(folder, "io.safetensors");
  writeFileSync(io, ioFile(tensors));
  const { code, stdout, stderr } = await runCommand(folder, ["check", model, io, "--json"]);
  expect(stderr).toBe("");
  const checked = JSON.parse(stdout) as Checked;
  expect(code).toBe(checked.passes ? 0 : 1);
  return checked;
}

function tensor(shape: readonly number[], values: ArrayLike<number>): Tensor {
  return { dtype: "f32", shape, at: (index) => values[index]! } as Tensor;
}

describe("rows", () => {
  const io = goldenTensors("keras/hidden-gru-feedback.io.safetensors");
  const input = io.get("input")!;
  const [batch, steps, width] = io.get("output")!.shape as [number, number, number];
  const values = valuesOf(io.get("output")!);
  const last = Array.from({ length: batch }, (_, b) =>
    values.slice(((b + 1) * steps - 1) * width, (b + 1) * steps * width),
  ).flatMap((row) => [...row]);

  test("a model of sequences against the last row of each", async () => {
    const model = keras("hidden-gru-feedback.keras");
    const output = tensor([batch, width], last);
    expect(await check(model, { input, output })).toMatchObject({
      passes: true,
      comparisons: [{ output: "output", rows: "last" }],
    });
    const wrong = tensor(
      [batch, width],
      last.map((value, i) => (i === width ? value + 1 : value)),
    );
    const { passes, comparisons } = await check(model, { input, output: wrong });
    expect(passes).toBe(false);
    expect(comparisons[0]!.difference).toBeCloseTo(1, 3);
  });

  test("a model of one row against sequences", async () => {
    const model = keras("stack-classifier.keras");
    const classified = goldenTensors("keras/stack-classifier.io.safetensors");
    const [rows, outputs] = classified.get("output")!.shape as [number, number];
    const right = valuesOf(classified.get("output")!);
    // Three rows a sequence, of which only the last is to be looked at.
    const three = Float64Array.from({ length: rows * 3 * outputs }, (_, i) =>
      Math.floor(i / outputs) % 3 === 2
        ? right[Math.floor(i / (3 * outputs)) * outputs + (i % outputs)]!
        : 100,
    );
    const output = tensor([rows, 3, outputs], three);
    expect(await check(model, { input: classified.get("input")!, output })).toMatchObject({
      passes: true,
      comparisons: [{ output: "output", rows: "last" }],
    });
  });

  test("other numbers of rows are refused", async () => {
    const file = join(folder, "odd.safetensors");
    writeFileSync(file, ioFile({ input, output: tensor([batch, 2, width], values) }));
    const model = keras("hidden-gru-feedback.keras");
    const { code, stderr } = await runCommand(folder, ["check", model, file]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^lmu-wasm: Cannot compare "output": it has \d+ values, expected \d+/);
  });
});

describe("explanations", () => {
  const model = keras("memory-order256-theta784.keras");
  const io = goldenTensors("keras/memory-order256-theta784.io.safetensors");
  const [input, output, exact] = ["input", "output", "output_f64"].map((name) => io.get(name)!) as [
    Tensor,
    Tensor,
    Tensor,
  ];

  test("what Keras itself is away from float64 is allowed beside it, and said", async () => {
    const { passes, comparisons, explanations } = await check(model, {
      input,
      output,
      output_f64: exact,
    });
    expect(passes).toBe(true);
    // test/golden/keras/index.json: keras_error 9.98e-4
    expect(comparisons[0]!.difference).toBeCloseTo(9.98e-4, 4);
    expect(explanations).toEqual([expect.stringMatching(/^output is itself 1\.0e-3 away/)]);
  });

  test("that no more than that is allowed", async () => {
    const moved = tensor(
      output.shape,
      valuesOf(output).map((value) => value + 5e-3),
    );
    const near = tensor(
      exact.shape,
      valuesOf(exact).map((value) => value + 5e-3),
    );
    expect((await check(model, { input, output: moved, output_f64: near })).passes).toBe(false);
  });

  test("Keras's own matrices are named where its outputs stand alone", async () => {
    const { passes, explanations } = await check(model, { input, output });
    expect(passes).toBe(false);
    expect(explanations).toEqual([expect.stringMatching(/order 256 .* 1e-3 at 256/)]);
  });

  test("rounded weights are named with what they round by", async () => {
    const small = join(folder, "small.safetensors");
    await runCommand(folder, ["convert", keras("gru.keras"), small, "--dtype", "int8"]);
    const { explanations } = await check(small, {
      input: goldenTensors("keras/gru.io.safetensors").get("input")!,
      output: goldenTensors("keras/gru.io.safetensors").get("output")!,
    });
    expect(explanations).toEqual([expect.stringMatching(/^\d of \d tensors are int8.*1\/254/)]);
  });

  test("nothing is explained where all is near", async () => {
    expect((await check(model, { input, output: exact })).explanations).toEqual([]);
  });
});
