import { describe, expect, test } from "vitest";
import type { LayerRequest } from "../bindings/formats/torch/request.js";
import { tensorOfValues } from "../bindings/tensor.js";
import { goldenTensors } from "./support/golden.js";
import {
  errorOf,
  importTensors,
  LMU,
  modelOf,
  outputOf,
  refusal,
  renamed,
} from "./support/torch.js";

describe("layers in a request", () => {
  const tensors = new Map([
    ...goldenTensors("torch/torch-lmu-0.safetensors"),
    ["slopes.weight", tensorOfValues([5], [1, 2, 3, 4, 5])],
  ]);

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
      "slopes of another width",
      [LMU[0]!, { type: "prelu", prefix: "slopes" }],
      "description-invalid",
      /prelu slopes reads 5 features, expected the 12 of lmu/,
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
    for (const layers of [
      ...[{}, [], [null], [{ type: "linear", prefix: 3 }]],
      ...[[{ type: "linear", tensors: ["weight"] }], [{ type: "linear", tensors: { weight: 0 } }]],
    ]) {
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

  test("PReLU with a slope for all features, or one for each", () => {
    const model = modelOf(
      importTensors(
        new Map([
          ["all.weight", tensorOfValues([1], [-0.5])],
          ["each.weight", tensorOfValues([3], [0.25, 2, 0])],
        ]),
        [
          { type: "prelu", prefix: "each" },
          { type: "prelu", prefix: "all" },
        ],
      ),
    );
    // Of -4: -1, -8 and 0 by the first, 0.5, 4 and 0 by the second.
    expect([...model.run([-4, -4, -4, 3, 0, 5])].map((y) => y + 0)).toEqual([0.5, 4, 0, 3, 0, 5]);
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

describe("tensors of other names", () => {
  const NAMES: Record<string, string> = {
    ...{ e_x: "ex", e_h: "eh", e_m: "em" },
    ...{ W_x: "Wx", W_h: "Wh", W_m: "Wm", A: "AT", B: "BT" },
  };
  const io = goldenTensors("torch/torch-lmu-2.io.safetensors");
  const golden = goldenTensors("torch/torch-lmu-2.safetensors");
  const classifier: LayerRequest = { type: "linear", prefix: "classifier" };

  test("as another repository calls them, under a prefix, with state beside them", () => {
    const tensors = renamed("torch/torch-lmu-2.safetensors", (name) =>
      name.replace(/^lmu\.cell\.(\w+)$/, (_, leaf: string) => `lmu_1.${NAMES[leaf]!}`),
    );
    tensors.set("ht1", tensorOfValues([1, 30], new Float32Array(30)));
    const layers: LayerRequest[] = [
      { type: "pytorch-lmu", prefix: "lmu_1", tensors: NAMES },
      classifier,
    ];
    const checkpoint = importTensors(tensors, layers);
    expect(errorOf(checkpoint, io.get("input")!, outputOf(io))).toBeLessThan(2e-5);
    expect(checkpoint.notes.join()).toContain("(A)");
    expect(checkpoint.warnings).toEqual([expect.stringMatching(/^1 of 11 tensors .*: ht1$/)]);
  });

  test("as numpy numbers arrays", () => {
    const places = new Map([...golden.keys()].map((name, i) => [name, `arr_${i}`]));
    const tensors = renamed("torch/torch-lmu-2.safetensors", (name) => places.get(name)!);
    const of = (prefix: string, ...names: string[]) =>
      Object.fromEntries(names.map((name) => [name, places.get(`${prefix}.${name}`)!]));
    for (const last of ["linear", "dense"] as const) {
      const checkpoint = importTensors(
        tensors,
        [
          { type: "pytorch-lmu", tensors: of("lmu.cell", ...Object.keys(NAMES)) },
          { type: last, tensors: of("classifier", "weight", "bias") },
        ],
        "npz",
      );
      expect(errorOf(checkpoint, io.get("input")!, outputOf(io))).toBeLessThan(2e-5);
      expect(checkpoint.warnings).toEqual([]);
    }
  });

  test.each([
    ["a name that the layer has no tensor for", { ex: "lmu.cell.e_x" }, /has tensors "ex", which/],
    ["a name that the file does not have", { e_x: "arr_0" }, /tensor arr_0 is missing/],
  ])("%s is refused", async (_, tensors, message) => {
    const layers: LayerRequest[] = [{ type: "pytorch-lmu", prefix: "lmu.cell", tensors }];
    expect((await refusal(() => importTensors(golden, layers))).message).toMatch(message);
  });

  test.each(["module.", "_orig_mod.module.", "model."])("%s before all may be left out", (root) => {
    const tensors = renamed("torch/torch-lmu-2.safetensors", (name) => root + name);
    for (const before of ["", root]) {
      const layers = [...LMU].map(({ prefix, ...layer }) => ({
        ...layer,
        prefix: `${before}${prefix!}`,
      }));
      const checkpoint = importTensors(tensors, layers as LayerRequest[]);
      expect(errorOf(checkpoint, io.get("input")!, outputOf(io))).toBeLessThan(2e-5);
    }
    tensors.set("loss.weight", tensorOfValues([1], [1]));
    expect(() => importTensors(tensors, LMU)).toThrow(/missing/);
  });
});
