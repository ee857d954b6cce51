import { describe, expect, test } from "vitest";
import type { LayerRequest } from "../bindings/formats/torch/request.js";
import { discretize, matrices } from "../bindings/legendre.js";
import { mapTensor, sizeOf, type Tensor, tensorOfValues, transpose } from "../bindings/tensor.js";
import { goldenTensors } from "./support/golden.js";
import { Random } from "./support/random.js";
import {
  errorOf,
  importTensors,
  layersOf,
  LMU,
  modelOf,
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
    const inferred = importTensors(abdoujaouhar);
    expect(errorOf(inferred, io.get("input")!, outputOf(io))).toBeLessThan(1.3e-5);
  });

  test("popgym: pytorch-lmu under core", () => {
    const io = goldenTensors("torch/torch-lmu-1.io.safetensors");
    const tensors = renamed("torch/torch-lmu-1.safetensors", (name) => `core.${name}`);
    expect(errorOf(importTensors(tensors), io.get("input")!, outputOf(io))).toBeLessThan(2e-5);
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

  test("asks for theta where the matrices are continuous", async () => {
    const error = await refusal(() => load(matrices(order), {}));
    expect([error.code, error.message]).toEqual([
      "description-invalid",
      expect.stringContaining("theta"),
    ]);
  });
});

describe("importStateDict() without layers", () => {
  const weight = (...shape: number[]) => tensorOfValues(shape, new Float32Array(sizeOf(shape)));
  const names = (shapes: Record<string, number[]>) =>
    new Map(Object.entries(shapes).map(([name, shape]) => [name, weight(...shape)]));
  const rnn = (prefix: string, inputs: number, units: number): Record<string, number[]> => ({
    [`${prefix}.weight_ih_l0`]: [units, inputs],
    [`${prefix}.weight_hh_l0`]: [units, units],
  });
  const linear = (prefix: string, inputs: number, outputs: number): Record<string, number[]> => ({
    [`${prefix}.weight`]: [outputs, inputs],
    [`${prefix}.bias`]: [outputs],
  });

  test("puts layers in the one order that fits, and numbered ones by number", () => {
    const { description } = importTensors(
      names({
        ...linear("head", 8, 3),
        ...rnn("rnns.10", 8, 8),
        ...rnn("rnns.2", 8, 8),
        "token_embedding.weight": [11, 8],
      }),
    );
    expect(description.layers.map(({ name }) => name)).toEqual([
      "token_embedding",
      "rnns.2",
      "rnns.10",
      "head",
    ]);
    expect(description.input).toEqual({ vocabulary: 11 });
  });

  test("warns of an activation that no tensor tells", () => {
    const shapes = names({
      "rnn.weight_ih_l0": [5, 3],
      "rnn.weight_hh_l0": [5, 5],
      ...linear("head", 5, 2),
    });
    expect(importTensors(shapes).warnings.join()).toMatch(/^rnn: .* nn\.RNN .* tanh/);
    const layers: LayerRequest[] = [
      { type: "torch-rnn", prefix: "rnn", activation: "relu" },
      { type: "linear", prefix: "head" },
    ];
    expect(importTensors(shapes, layers).warnings).toEqual([]);
  });

  test.each([
    [
      "two layers that may change places",
      { ...rnn("a", 4, 4), ...rnn("b", 4, 4) },
      /a and b fit in more/,
    ],
    ["widths that do not fit", { ...rnn("a", 4, 5), ...rnn("b", 4, 6) }, /in no order/],
    ["two heads", { ...rnn("a", 4, 5), ...linear("b", 5, 1), ...linear("c", 5, 2) }, /in no order/],
    [
      "linears with nothing between",
      { ...linear("a", 4, 5), ...linear("b", 5, 6) },
      /activation between a and b/,
    ],
    ["convolutions", { "a.weight": [4, 5, 3], "a.bias": [4] }, /stride and padding of a/],
    ["unknown tensors", { ...linear("a", 4, 5), "a.lora": [4] }, /tensors a\.lora/],
    ["half an LMU", { "a.e_x": [1, 3] }, /tensors a\.e_x/],
    ["nothing", {}, /none of the names/],
  ] as [string, Record<string, number[]>, RegExp][])(
    "asks for layers: %s",
    async (_n, shapes, why) => {
      const error = await refusal(() => importTensors(names(shapes)));
      expect([error.code, error.message]).toEqual([
        "description-invalid",
        expect.stringMatching(why),
      ]);
      expect(error.message).toContain("load(source, { layers: [\n");
    },
  );

  test("what it asks for can be pasted", async () => {
    const tensors = names({ ...linear("fc1", 4, 5), ...linear("fc2", 5, 6) });
    const { message } = await refusal(() => importTensors(tensors));
    const list = /layers: (\[[^]*\]) \}\)$/.exec(message)![1]!;
    const layers = new Function(`return ${list}`)() as LayerRequest[];
    expect(importTensors(tensors, layers).description.layers).toHaveLength(2);
  });

  test("refuses what it cannot run, with what to do", async () => {
    const projected = {
      ...{ "a.weight_ih_l0": [20, 4], "a.weight_hh_l0": [20, 2], "a.weight_hr_l0": [2, 5] },
      ...linear("head", 2, 3),
    };
    for (const layers of [undefined, [{ type: "torch-lstm", prefix: "a" }] as LayerRequest[]]) {
      const { code, message } = await refusal(() => importTensors(names(projected), layers));
      expect([code, message]).toEqual(["layer-unsupported", expect.stringMatching(/proj_size=0/)]);
    }
  });
});

describe("layers in a request", () => {
  const tensors = goldenTensors("torch/torch-lmu-0.safetensors");

  test.each([
    [
      "an unknown type",
      [{ type: "transformer" }],
      "layer-unsupported",
      /expected one of pytorch-lmu/,
    ],
    [
      "an unknown option",
      [{ type: "linear", prefix: "classifier", units: 3 }],
      "option-unsupported",
      /"units"/,
    ],
    [
      "an option of the wrong kind",
      [{ type: "pytorch-lmu", prefix: "lmu", theta: "20" }],
      "option-unsupported",
      /theta "20"/,
    ],
    [
      "a convention of other layers",
      [{ type: "pytorch-lmu", prefix: "lmu", convention: "continuous" }],
      "option-unsupported",
      /expected A, A-I/,
    ],
    [
      "an unknown convention",
      [{ type: "pytorch-lmu", prefix: "lmu", convention: "B" }],
      "option-unsupported",
      /"B"/,
    ],
    [
      "an unknown activation",
      [{ type: "pytorch-lmu", prefix: "lmu", activation: "swoosh" }],
      "option-unsupported",
      /"swoosh"/,
    ],
    [
      "another dialect",
      [{ type: "bjkomer-lmu", prefix: "lmu" }],
      "tensor-missing",
      /lmu\.input_kernel is missing.*cell\.e_x/,
    ],
    [
      "a prefix of nothing",
      [{ type: "linear", prefix: "head" }],
      "tensor-missing",
      /head\.weight is missing/,
    ],
    [
      "a norm of nothing",
      [{ type: "layer-norm", prefix: "norm" }],
      "tensor-missing",
      /norm\.weight/,
    ],
    [
      "widths that do not fit",
      [LMU[1]!, LMU[0]!],
      "description-invalid",
      /reads 1 features, expected the 4 of classifier/,
    ],
    [
      "an embedding in the middle",
      [LMU[0]!, { type: "embedding", prefix: "classifier" }],
      "description-invalid",
      /the first/,
    ],
    ["flatten", [LMU[0]!, { type: "flatten" }], "layer-unsupported", /last or global-pool/],
    [
      "a native layer with a broken field",
      [LMU[0]!, { type: "pool", mode: "max", size: 0 }],
      "description-invalid",
      /size 0/,
    ],
  ] as [string, LayerRequest[], string, RegExp][])("%s", async (_name, layers, code, message) => {
    const error = await refusal(() => modelOf(importTensors(tensors, layers)));
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
  });

  test("arguments of another kind are TypeErrors", () => {
    for (const layers of [{}, [], [null], [{ type: "linear", prefix: 3 }]]) {
      expect(() => importTensors(tensors, layers as LayerRequest[])).toThrow(TypeError);
    }
  });

  test.each([
    ["LeakyReLU", -0.01],
    ["leaky_relu", -0.01],
    [{ type: "LeakyReLU", slope: 0.5 }, -0.5],
    ["hardtanh", -1],
  ])("an activation on its own is PyTorch's: %o", (activation, expected) => {
    const layers: LayerRequest[] = [
      { type: "linear", prefix: "a" },
      { type: "activation", activation },
    ];
    const model = modelOf(
      importTensors(new Map([["a.weight", tensorOfValues([1, 1], [1])]]), layers),
    );
    expect(model.run([-1])[0]).toBeCloseTo(expected, 6);
  });

  test("an activation on its own must be named", async () => {
    const error = await refusal(() => importTensors(tensors, [...LMU, { type: "activation" }]));
    expect(error.message).toMatch(/activation undefined, expected the name of an activation/);
  });

  test("native layers, with tensors by our roles and without", () => {
    const checkpoint = importTensors(
      new Map([
        ["a.weight", tensorOfValues([1, 2], [1, 2])],
        ["b.scale", tensorOfValues([1], [3])],
      ]),
      [
        { type: "dense", prefix: "a" },
        { type: "scale", prefix: "b" },
        { type: "activation", activation: "relu" },
        { type: "global-pool", mode: "max" },
      ],
    );
    const model = modelOf(checkpoint);
    expect([...model.run(new Float32Array([1, 1, -1, -1, 2, 1]))]).toEqual([12]);
    expect(model.returnsSequence).toBe(false);
  });
});
