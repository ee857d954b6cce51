import { describe, expect, test } from "vitest";
import type { LayerRequest } from "../bindings/formats/torch/request.js";
import { discretize, matrices } from "../bindings/legendre.js";
import { mapTensor, type Tensor, tensorOfValues, transpose } from "../bindings/tensor.js";
import { goldenTensors } from "./support/golden.js";
import { Random } from "./support/random.js";
import {
  errorOf,
  importTensors,
  layersOf,
  LMU,
  outputOf,
  refusal,
  renamed,
} from "./support/torch.js";

describe("LMU dialects", () => {
  const io = goldenTensors("legacy/bjkomer-lmu.io.safetensors");
  const ABDOUJAOUHAR: Record<string, string> = {
    input_encoders: "encoder_input",
    hidden_encoders: "encoder_hidden",
    memory_encoders: "encoder_memory",
    input_kernel: "kernel_input",
    hidden_kernel: "kernel_hidden",
    memory_kernel: "kernel_memory",
  };
  const abdoujaouhar = renamed("legacy/bjkomer-lmu.safetensors", (name) =>
    name.replace(/^lmu\.(.*)/, (_, leaf: string) => `net.lmucell.${ABDOUJAOUHAR[leaf] ?? leaf}`),
  );

  test("abdoujaouhar-lmu: the matrices of bjkomer under other names", () => {
    const given = importTensors(abdoujaouhar, layersOf("abdoujaouhar-lmu", "net"));
    expect(errorOf(given, io.get("input")!, outputOf(io))).toBeLessThan(1.3e-5);
    abdoujaouhar.delete("classifier.weight");
    abdoujaouhar.delete("classifier.bias");
    expect(importTensors(abdoujaouhar).notes.join()).toContain("abdoujaouhar-lmu net.lmucell");
  });

  test("popgym: pytorch-lmu under core", () => {
    const io = goldenTensors("torch/torch-lmu-1.io.safetensors");
    const tensors = renamed("torch/torch-lmu-1.safetensors", (name) => `core.${name}`);
    tensors.delete("core.classifier.weight");
    tensors.delete("core.classifier.bias");
    expect(errorOf(importTensors(tensors), io.get("input")!, io.get("hidden")!)).toBeLessThan(2e-5);
  });

  const shifted = (A: Tensor, by: number) =>
    mapTensor(A, (value, i) => (i % (A.shape[0]! + 1) === 0 ? value + by : value));
  const stored: readonly (readonly [string, (A: Tensor) => Tensor])[] = [
    ["A - I", (A) => shifted(A, -1)],
    ["A, transposed", (A) => transpose(A)],
    ["A - I, transposed", (A) => transpose(shifted(A, -1))],
  ];

  test.each(stored)("pytorch-lmu finds out that a file holds %s", async (layout, store) => {
    for (const path of ["torch/torch-lmu-2", "legacy/pytorch-lmu-learned-ab"]) {
      const io = goldenTensors(`${path}.io.safetensors`);
      const tensors = goldenTensors(`${path}.safetensors`);
      tensors.set("lmu.cell.A", store(tensors.get("lmu.cell.A")!));
      const checkpoint = importTensors(tensors, LMU);
      expect(errorOf(checkpoint, io.get("input")!, outputOf(io))).toBeLessThan(2e-5);
      expect(checkpoint.notes.join()).toContain(`(${layout})`);
    }
  });

  test("pytorch-lmu finds out how matrices of a very long window are stored", () => {
    const tensors = goldenTensors("torch/torch-lmu-0.safetensors");
    const { A, B } = discretize(6, 1e6);
    tensors.set("lmu.cell.B", tensorOfValues([6, 1], Float32Array.from(B)));
    for (const [layout, store] of stored) {
      tensors.set("lmu.cell.A", store(tensorOfValues([6, 6], Float32Array.from(A))));
      expect(importTensors(tensors, LMU).notes.join()).toContain(`(${layout})`);
    }
  });

  test("pytorch-lmu takes the word of the options over what it finds", () => {
    const tensors = goldenTensors("legacy/pytorch-lmu-learned-ab.safetensors");
    const options = { convention: "A-I", isTransposed: true } as const;
    const { notes } = importTensors(tensors, [{ ...LMU[0]!, ...options } as LayerRequest]);
    expect(notes.join()).toContain("(A - I, transposed)");
  });

  test("keeps learned matrices, and says so; a theta they are not of is told", () => {
    const tensors = goldenTensors("legacy/pytorch-lmu-learned-ab.safetensors");
    const { description, notes, warnings } = importTensors(tensors, [
      { type: "pytorch-lmu", prefix: "lmu", theta: 30 },
      LMU[1]!,
    ]);
    expect(description.layers[0]).not.toHaveProperty("theta");
    expect(notes.join()).toContain("kept as given");
    expect(warnings.join()).toContain("not those of theta 30");
  });

  test.each(["torch/torch-lmu-2", "torch/torch-lmufft-1"])(
    "%s without its matrices has those of theta",
    async (path) => {
      const io = goldenTensors(`${path}.io.safetensors`);
      const tensors = goldenTensors(`${path}.safetensors`);
      const isFft = path.includes("lmufft");
      const layers = (theta?: number): LayerRequest[] => [
        { type: isFft ? "pytorch-lmufft" : "pytorch-lmu", prefix: "lmu", ...(theta && { theta }) },
        LMU[1]!,
      ];
      for (const name of [...tensors.keys()])
        if (/\b(A|B|H|fft_H)$/.test(name)) tensors.delete(name);
      const given = importTensors(tensors, layers(isFft ? 64 : 200));
      expect(errorOf(given, io.get("input")!, outputOf(io))).toBeLessThan(2e-5);
      expect((await refusal(() => importTensors(tensors, layers()))).code).toBe("tensor-missing");
    },
  );

  test("returnsSequence: false keeps the newest row", () => {
    const { description } = importTensors(goldenTensors("torch/torch-lmu-0.safetensors"), [
      { type: "pytorch-lmu", prefix: "lmu", returnsSequence: false },
      LMU[1]!,
    ]);
    expect(description.layers.map(({ type }) => type)).toEqual(["lmu", "last", "dense"]);
  });
});

describe("hippo-legt", () => {
  const order = 6;
  const theta = 30;
  const f32 = (shape: number[], values: ArrayLike<number>) =>
    tensorOfValues(shape, Float32Array.from(values));
  const input = tensorOfValues([1, 50, 2], new Random(3).floats(100));

  /** c ← A c + B u for two channels in f64. */
  function memoryOf({ A, B }: { A: ArrayLike<number>; B: ArrayLike<number> }): Tensor {
    const rows: number[] = [];
    const c = [0, 1].map(() => new Array<number>(order).fill(0));
    for (let t = 0; t < 50; t++) {
      for (const channel of [0, 1]) {
        const u = input.at(2 * t + channel);
        const old = [...c[channel]!];
        c[channel] = old.map((_, i) =>
          old.reduce((sum, m, j) => sum + A[i * order + j]! * m, B[i]! * u),
        );
        rows.push(...c[channel]);
      }
    }
    return tensorOfValues([1, 50, 2 * order], rows);
  }

  /** From the LMU basis to LegT: A_ij r_j / r_i, B_i / r_i. */
  function legt({ A, B }: { A: Float64Array; B: Float64Array }, scale = 1): (typeof arguments)[0] {
    const r = (i: number) => (i % 2 === 0 ? 1 : -1) * Math.sqrt(2 * i + 1);
    return {
      A: A.map((a, k) => (scale * a * r(k % order)) / r(Math.floor(k / order))),
      B: B.map((b, i) => (scale * b) / r(i)),
    };
  }

  const load = ({ A, B }: { A: Float64Array; B: Float64Array }, options: object) =>
    importTensors(
      new Map([
        ["memory.A", f32([order, order], A)],
        ["memory.B", f32([order], B)],
      ]),
      [{ type: "hippo-legt", prefix: "memory", channels: 2, ...options }],
    );

  test("keeps the step of a file, in the basis of the file", () => {
    const step = discretize(order, theta, { method: "bilinear" });
    expect(errorOf(load(step, {}), input, memoryOf(step))).toBeLessThan(1e-5);
    expect(errorOf(load(legt(step), {}), input, memoryOf(legt(step)))).toBeLessThan(1e-5);
  });

  test.each(["bilinear", "zoh", "euler"] as const)(
    "discretises continuous matrices: %s",
    (rule) => {
      const step = discretize(order, theta, { method: rule });
      const options = { theta, ...(rule !== "bilinear" && { discretizer: rule }) };
      const wanted = memoryOf(legt(step));
      expect(errorOf(load(matrices(order), options), input, memoryOf(step))).toBeLessThan(1e-5);
      expect(errorOf(load(legt(matrices(order)), options), input, wanted)).toBeLessThan(1e-5);
      const halved = load(legt(matrices(order), 0.5), options);
      expect(errorOf(halved, input, wanted)).toBeLessThan(1e-5);
      expect(halved.notes.join()).toContain("half the rate");
      const byStep = load(legt(matrices(order), 0.5), {
        ...options,
        theta: undefined,
        dt: 2 / theta,
      });
      expect(errorOf(byStep, input, wanted)).toBeLessThan(1e-5);
    },
  );

  test("refuses to discretise what takes more work than its size allows", async () => {
    const order = 400;
    const tensors = new Map([
      ["A", f32([order, order], matrices(order).A)],
      ["B", f32([order], matrices(order).B)],
    ]);
    const layers = (discretizer: "zoh" | "bilinear"): LayerRequest[] => [
      { type: "hippo-legt", theta: 400, discretizer, convention: "continuous" },
    ];
    const { code, message } = await refusal(() => importTensors(tensors, layers("zoh")));
    expect([code, message]).toEqual([
      "option-unsupported",
      expect.stringMatching(/discretizer "zoh", expected "bilinear" for an order of 400/),
    ]);
    expect(importTensors(tensors, layers("bilinear")).description.layers).toHaveLength(1);
    const large = new Map([
      ["A", tensorOfValues([2048, 2048], new Float32Array(2048 * 2048))],
      ["B", f32([2048], new Float32Array(2048))],
    ]);
    expect((await refusal(() => importTensors(large, layers("bilinear")))).message).toMatch(
      /discretizer "bilinear", expected matrices that are a step already/,
    );
  });

  test("asks for theta where the matrices are continuous", async () => {
    const error = await refusal(() => load(matrices(order), {}));
    expect([error.code, error.message]).toEqual([
      "description-invalid",
      expect.stringContaining("theta"),
    ]);
  });
});
