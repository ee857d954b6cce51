import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { LmuError } from "../bindings/errors.js";
import { isTorchArchive } from "../bindings/formats/containers/pickle/torch-archive.js";
import { readCheckpoint } from "../bindings/formats/read.js";
import type { LayerRequest } from "../bindings/formats/torch/request.js";
import { allocatedBy } from "./support/allocation.js";
import { goldenFile, goldenTensors, valuesOf } from "./support/golden.js";
import { Random } from "./support/random.js";
import {
  CASES,
  checkpointOf,
  errorOf,
  FILES,
  importTensors,
  ioPath,
  modelOf,
  outputOf,
  refusal,
  suggestedLayers,
  tensorsOf,
} from "./support/torch.js";

describe("importStateDict() gives the numbers of the reference", () => {
  test.each(FILES)("%s", async (path, layers, bound) => {
    const io = goldenTensors(ioPath(path));
    const given = await checkpointOf(path, layers);
    expect(errorOf(given, io.get("input")!, outputOf(io))).toBeLessThan(bound);
    expect(given.warnings).toEqual([]);
  });

  test.each(FILES)("%s, by the layers that it asks for", async (path, _, bound) => {
    const io = goldenTensors(ioPath(path));
    const error = await refusal(() => checkpointOf(path));
    expect(error.code).toBe("description-invalid");
    expect(error.message).toMatch(
      /activation between \w+(\.cell)? and classifier is not in the file/,
    );
    await expect(checkpointOf(path, suggestedLayers(error, "?"))).rejects.toThrow(
      /activation "\?"/,
    );
    const filled = await checkpointOf(path, suggestedLayers(error, "linear"));
    expect(errorOf(filled, io.get("input")!, outputOf(io))).toBeLessThan(bound);
  });

  test.each(FILES.filter(([path]) => path.startsWith("torch/")))(
    "%s, hidden state",
    async (path, [recurrent], bound) => {
      const io = goldenTensors(ioPath(path));
      const checkpoint = await checkpointOf(path, [recurrent!]);
      expect(errorOf(checkpoint, io.get("input")!, io.get("hidden")!)).toBeLessThan(bound);
      expect(checkpoint.warnings.join()).toContain("classifier.weight");
    },
  );

  test("bidirectional layers, which only run", async () => {
    const path = "torch/extra-bidirectional.pt";
    const io = goldenTensors(ioPath(path));
    const given = await checkpointOf(path, [
      { type: "torch-lstm", prefix: "lstm" },
      { type: "torch-gru", prefix: "gru" },
      { type: "linear", prefix: "head" },
    ]);
    const asked = suggestedLayers(await refusal(() => checkpointOf(path)), "linear");
    for (const checkpoint of [given, await checkpointOf(path, asked)]) {
      expect(errorOf(checkpoint, io.get("input")!, io.get("output")!)).toBeLessThan(1e-6);
      expect(checkpoint.warnings).toEqual([]);
    }
    const model = modelOf(given);
    expect(() => model.stream()).toThrow(/reads the sequence from its end.*use model\.run/);
    model.dispose();
  });

  test("projected layers, told by their names alone", async () => {
    const path = "torch/extra-projected.pt";
    const io = goldenTensors(ioPath(path));
    const checkpoint = await checkpointOf(path);
    expect(errorOf(checkpoint, io.get("input")!, io.get("output")!)).toBeLessThan(1e-6);
    expect(checkpoint.warnings).toEqual([]);
  });

  test("a training checkpoint with many kinds of layers, types and views", async () => {
    const io = goldenTensors("torch/extra-modules.io.safetensors");
    const layers: LayerRequest[] = [
      { type: "embedding", prefix: "embedding" },
      { type: "conv1d", prefix: "conv", dilation: 2, groups: 2, padding: "causal" },
      { type: "batch-norm", prefix: "bn" },
      { type: "activation", activation: { type: "leaky_relu", slope: 0.01 } },
      { type: "torch-gru", prefix: "gru" },
      { type: "layer-norm", prefix: "norm" },
      { type: "linear", prefix: "fc1", activation: "GELU" },
      { type: "torch-rnn", prefix: "rnn", activation: "relu" },
      { type: "torch-lstm", prefix: "cell" },
      { type: "linear", prefix: "fc2" },
    ];
    const checkpoint = await checkpointOf("torch/extra-modules.pt", layers);
    expect(errorOf(checkpoint, io.get("ids")!, io.get("output")!)).toBeLessThan(2e-5);
    expect(checkpoint.warnings).toEqual([]);
    expect(checkpoint.notes.join()).toContain('"model_state_dict"');
  });
});

describe("readTorch()", () => {
  test.each(CASES)("gives the tensors of %s as safetensors has them", async (path) => {
    const tensors = await tensorsOf(goldenFile(`${path}.pt`));
    for (const [name, tensor] of goldenTensors(`${path}.safetensors`)) {
      const read = tensors.get(name)!;
      expect(read.shape).toEqual(tensor.shape);
      expect(valuesOf(read)).toEqual(valuesOf(tensor));
    }
  });

  test.each([
    ["legacy", "format-unknown", /before version 1\.6.*torch\.load\(.*\ntorch\.save\(state, /s],
    ["scripted", "format-unknown", /TorchScript program.*torch\.jit\.load.*\ntorch\.save\(/s],
    [
      "module",
      "format-invalid",
      /"torch\.nn\.modules\.linear\.Linear".*weights_only=False.*\ntorch\.save\(model\.state_dict\(\), /s,
    ],
    ["list", "format-invalid", /something else than a dict/],
  ])("refuses a file of another kind with advice: %s", async (name, code, message) => {
    const error = await refusal(() => checkpointOf(`torch/extra-${name}.pt`));
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
  });

  test("refuses an exported program with advice", async () => {
    const zip = zipSync({ "model/archive_format": Uint8Array.of(0x70, 0x74, 0x32) });
    await expect(readCheckpoint(zip)).rejects.toThrow(/exported program[^]*torch\.export\.load/);
  });

  test("refuses an archive without data.pkl, and one whose directory claims billions", async () => {
    const zip = zipSync({ "a/b": Uint8Array.of(1) });
    expect((await refusal(() => tensorsOf(zip))).message).toMatch(/no data\.pkl/);
    const whole = goldenFile("torch/torch-lstm.pt").slice();
    const end = Buffer.from(whole).lastIndexOf("PK\u0006\u0006", undefined, "latin1");
    whole.fill(0xff, end + 32, end + 36);
    expect((await refusal(() => tensorsOf(whole))).message).toMatch(/directory is broken/);
  });

  test("finds the kind of an archive by its names", () => {
    expect(isTorchArchive(["archive/data.pkl", "archive/data/0"])).toBe(true);
    expect(isTorchArchive(["config.json", "a/b/data.pkl"])).toBe(false);
  });

  test.each(CASES)(
    "loads or refuses %s with broken bytes, in four times its memory and a megabyte",
    async (path, layers) => {
      const whole = goldenFile(`${path}.pt`);
      const random = new Random(11);
      for (let round = 0; round < (process.env["CI"] ? 1000 : 200); round++) {
        const bytes = whole.slice(
          0,
          round % 20 === 0 ? random.integer(whole.length) : whole.length,
        );
        for (let i = random.integer(4); i >= 0; i--) {
          if (bytes.length) bytes[random.integer(bytes.length)] = random.integer(256);
        }
        const load = async () => {
          const tensors = await tensorsOf(bytes);
          // Finding theta takes most of the time, and most broken bytes are in the weights.
          if (round % 4) return;
          modelOf(importTensors(tensors, round % 8 ? layers : undefined)).dispose();
        };
        const allocated = await allocatedBy(() =>
          load().catch((error: unknown) => expect(error).toBeInstanceOf(LmuError)),
        );
        expect(allocated, `round ${round}`).toBeLessThanOrEqual(4 * whole.length + 2 ** 20);
      }
    },
  );
});
