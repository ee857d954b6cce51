import { describe, expect, test } from "vitest";
import type { LayerRequest } from "../bindings/formats/torch/request.js";
import { load } from "../bindings/index.js";
import type { Tensor } from "../bindings/tensor.js";
import { expectSameBits } from "./support/entries.js";
import { distance, goldenFile, goldenTensors, valuesOf } from "./support/golden.js";
import { checkpointOf, errorOf, importTensors, modelOf, refusal } from "./support/torch.js";

/*
 * LMUFormer against networks of PyTorch (test/golden/torch/lmuformer.py): 2e-5 of the largest output, from PyTorch's f32 as
 * from the same network in float64, which it is itself 5e-7 away from.
 */

const BOUND = 2e-5;

describe.each([
  ["lmuformer.pt", 5, ""],
  ["lmuformer-blocks.safetensors", 3, "module"],
])("%s", (file, lookAhead, prefix) => {
  const path = `torch/${file}`;
  const io = goldenTensors(path.replace(/\.\w+$/, ".io.safetensors"));
  const [input, exact] = [io.get("input")!, io.get("output_f64")!];
  const [batch, frames, mels] = input.shape as [number, number, number];
  const scale = Math.max(1, ...valuesOf(io.get("running_f64")!).map(Math.abs));

  test("gives PyTorch's numbers, told by its names alone", async () => {
    const request = { type: "lmuformer", ...(prefix && { prefix }) } as const;
    for (const layers of [undefined, [{ type: "lmuformer" }], [request]] as const) {
      const checkpoint = await checkpointOf(path, layers);
      expect(errorOf(checkpoint, input, exact)).toBeLessThan(BOUND * scale);
      expect(errorOf(checkpoint, input, io.get("output")!)).toBeLessThan(BOUND * scale);
      expect(checkpoint.warnings).toEqual([]);
    }
  });

  test("a stream gives the head of the mean so far, as late as the patches look ahead", async () => {
    const model = await load(goldenFile(path));
    expect(model).toMatchObject({ inputSize: mels, lookAhead, returnsSequence: false });
    const samples = Float32Array.from(valuesOf(input));
    const length = frames * mels;
    for (let b = 0; b < batch; b++) {
      const sequence = samples.subarray(b * length, (b + 1) * length);
      const running = valuesOf(io.get("running_f64")!).subarray(
        b * frames * 3,
        (b + 1) * frames * 3,
      );
      const stream = model.stream();
      for (let t = 0; t < frames; t++) {
        const row = stream.step(sequence.subarray(t * mels, (t + 1) * mels));
        const wanted = running.subarray(3 * (t - lookAhead), 3 * (t - lookAhead + 1));
        if (t < lookAhead) expect(row).toEqual(new Float32Array(3).fill(NaN));
        else expect(distance(row, wanted), `frame ${t}`).toBeLessThan(BOUND * scale);
      }
      expect(distance(stream.end(), running.subarray(-3))).toBeLessThan(BOUND * scale);
    }
    model.dispose();
  });

  test("streams, chunks and batches have the same bits, of any number of frames", async () => {
    const model = await load(goldenFile(path));
    const samples = Float32Array.from(valuesOf(input));
    const long = Float32Array.from({ length: 150 * mels }, (_, i) => samples[i % samples.length]!);
    for (const sequence of [samples.subarray(0, 7 * mels), long]) {
      expectSameBits(model, sequence, model.run(sequence), 3);
    }
    model.dispose();
  });
});

describe("lmuformer", () => {
  const tensors = () => goldenTensors("torch/lmuformer-blocks.safetensors");
  const LAYERS: LayerRequest[] = [{ type: "lmuformer" }];

  test("reads what epsilon the request says", () => {
    const { input, output } = Object.fromEntries(
      goldenTensors("torch/lmuformer-blocks.io.safetensors"),
    ) as { input: Tensor; output: Tensor };
    const other = importTensors(tensors(), [{ type: "lmuformer", epsilon: 1e-3 }]);
    expect(errorOf(other, input, output)).toBeGreaterThan(1e-3);
    const stated = importTensors(tensors(), [{ type: "lmuformer", epsilon: 1e-5 }]);
    expect(errorOf(stated, input, output)).toBeLessThan(BOUND * 20);
  });

  test("without a head gives the mean of the features", () => {
    const given = tensors();
    for (const name of ["weight", "bias"]) given.delete(`module.head.${name}`);
    for (const layers of [LAYERS, undefined]) {
      const model = modelOf(importTensors(given, layers));
      expect(model.outputSize).toBe(6);
      model.dispose();
    }
  });

  test.each([
    ["patch_embed.proj_conv.weight", "patch_embed.rpe_conv.weight"],
    ["block.0.attn.lmu.bn_u.weight", "block.0.mlp.fc1_bn.bias"],
  ])("refuses a spiking network by its %s", async (name, like) => {
    const given = tensors();
    given.set(`module.${name}`, given.get(`module.${like}`)!);
    for (const layers of [LAYERS, undefined]) {
      const { code, message } = await refusal(() => importTensors(given, layers));
      expect([code, message]).toEqual([
        "layer-unsupported",
        expect.stringContaining(`has ${name} of a spiking network, expected one without spikes`),
      ]);
    }
  });

  test.each([
    ["block.1.mlp.fc2_conv.weight", "tensor-missing"],
    ["block.0.attn.proj_bn.running_var", "tensor-missing"],
    ["patch_embed.conv_layers.1.3.running_mean", "tensor-missing"],
    ["block.0.attn.lmu.A", "tensor-missing"],
    ["patch_embed.conv_layers.0.0.weight", "tensor-missing"],
  ])("says that %s is missing", async (name, code) => {
    const given = tensors();
    given.delete(`module.${name}`);
    const error = await refusal(() => importTensors(given, LAYERS));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(name)]);
  });

  test.each([
    ["block.0.attn.proj_conv.weight", [6, 2, 3]],
    ["patch_embed.rpe_conv.weight", [6, 3, 6]],
    ["block.1.mlp.fc1_conv.weight", [6, 12, 1]],
    ["head.weight", [2, 9]],
  ] as [string, number[]][])("refuses %s of shape %j", async (name, shape) => {
    const given = tensors();
    const tensor = given.get(`module.${name}`)!;
    given.set(`module.${name}`, { ...tensor, shape });
    const error = await refusal(() => importTensors(given, LAYERS));
    expect([error.code, error.message]).toEqual([
      "tensor-invalid",
      expect.stringContaining(`module.${name} has shape [${shape.join(", ")}]`),
    ]);
  });

  test("reads tensors under the names that the request gives, and no others", async () => {
    const given = tensors();
    const [theirs, ours] = ["module.block.0.mlp.out.weight", "block.0.mlp.fc2_conv.weight"];
    given.set(theirs, given.get(`module.${ours}`)!);
    given.delete(`module.${ours}`);
    const importAs = (name: string) =>
      importTensors(given, [{ type: "lmuformer", tensors: { [name]: theirs } }]);
    expect(importAs(ours).warnings).toEqual([]);
    given.set(`module.${ours}`, given.get(theirs)!);
    const { message } = await refusal(() => importAs("block.0.mlp.fc3_conv.weight"));
    expect(message).toContain("fc3_conv.weight");
  });
});
