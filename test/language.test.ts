import { describe, expect, test } from "vitest";
import { readSafetensors } from "../bindings/formats/containers/safetensors.js";
import { load, type Model } from "../bindings/index.js";
import { LanguageModel } from "../bindings/language/language.js";
import { distance, goldenFile, goldenFolder, goldenTensors, valuesOf } from "./support/golden.js";
import { expectSameBits } from "./support/entries.js";
import { Random } from "./support/random.js";

/** Bound on logits of scale 1: test/golden/README.md. */
const BOUND = 2e-5;

const gpt2 = () => ({
  "config.json": goldenFile("language/gpt2/config.json"),
  "model.safetensors": goldenFile("language/gpt2/model.safetensors"),
});

/** Networks, and where their inputs and outputs are. */
const NETWORKS: readonly [string, () => Parameters<typeof load>[0], string][] = [
  ["GPT-2", gpt2, "gpt2/io"],
  ["LMU", () => goldenFile("language/lmu-lm.safetensors"), "lmu-lm.io"],
  [
    "LMU with attention",
    () => goldenFile("language/lmu-lm-global.safetensors"),
    "lmu-lm-global.io",
  ],
];

const textOf = (path: string) => new TextDecoder().decode(goldenFile(path));

/** The id that is most likely next. */
function greedy(model: Model, prompt: Int32Array, count: number): number[] {
  const stream = model.stream();
  const ids = [...prompt];
  let logits = stream.last(prompt);
  for (let i = 0; i < count; i++) {
    ids.push(logits.indexOf(Math.max(...logits)));
    logits = stream.step(ids.at(-1)!);
  }
  stream.dispose();
  return ids;
}

describe.each(NETWORKS)("%s", (_, source, path) => {
  const io = goldenTensors(`language/${path}.safetensors`);
  const ids = Int32Array.from(valuesOf(io.get("ids")!));
  const [batch, steps] = io.get("ids")!.shape as [number, number];

  test("gives the logits of the reference", async () => {
    const model = await load(source());
    const logits = model.run(ids, { batch });
    expect(distance(logits, valuesOf(io.get("logits_f64")!))).toBeLessThan(BOUND);
    expect(model.report()).toMatchObject({ format: "transformers", warnings: [] });
    expect(model.vocabulary).toBe(model.outputSize);
  });

  test("run, batch, step, push and last give the same bits", async () => {
    const model = await load(source());
    const one = ids.subarray(0, steps);
    const whole = model.run(one);
    expectSameBits(model, one, whole, 1);
    const stream = model.stream();
    const random = new Random(2);
    expect(() => stream.last([])).toThrow(/has 0 values, expected 1 or a multiple/);
    for (let at = 0; at < steps;) {
      const count = Math.min(steps - at, 1 + random.integer(30));
      const newest = stream.last(one.subarray(at, at + count));
      at += count;
      expect(newest).toEqual(
        whole.subarray((at - 1) * model.outputSize).slice(0, model.outputSize),
      );
    }
  });

  test("continues as the reference does", async () => {
    const tokens = io.get("greedy");
    if (!tokens) return;
    const model = await load(source());
    const all = Int32Array.from(valuesOf(tokens));
    expect(greedy(model, all.subarray(0, 10), 30)).toEqual([...all]);
  });
});

test.each([
  ["untied, in shards, scores divided by the number of the block", "gpt2-untied"],
  ["shards of torch.save and DataParallel, scores as they are, tanh", "gpt2-older"],
])("GPT-2, %s", async (_, folder) => {
  const { "io.safetensors": io, ...files } = goldenFolder(`language/${folder}`);
  const { tensors } = readSafetensors(io!);
  const model = await load(files);
  const logits = model.run(Int32Array.from(valuesOf(tensors.get("ids")!)), { batch: 2 });
  expect(distance(logits, valuesOf(tensors.get("logits_f64")!))).toBeLessThan(BOUND);
  expect(model.report().warnings).toEqual([]);
});

describe("recurrent language models", () => {
  test.each(["lstm", "gru"] as const)("PyTorch's %s, with layers and without", async (name) => {
    const io = goldenTensors(`language/${name}.io.safetensors`);
    const file = goldenFile(`language/${name}.safetensors`);
    const { model } = await LanguageModel.load(file);
    expect(model.report().notes[0]).toMatch(/layers inferred.*embedding \(53 ids → 12\)/);
    const ids = Int32Array.from(valuesOf(io.get("ids")!));
    const logits = model.run(ids, { batch: 2 });
    expect(distance(logits, valuesOf(io.get("logits_f64")!))).toBeLessThan(BOUND);
    expectSameBits(model, ids.subarray(0, 30), logits.subarray(0, 30 * 53), 1);
    const asked = await LanguageModel.load(file, {
      layers: [
        { type: "embedding", prefix: "embedding" },
        { type: `torch-${name}`, prefix: "rnn" },
        { type: "linear", prefix: "head" },
      ],
    });
    expect(asked.logits(ids.subarray(0, 30))).toEqual(logits.subarray(0, 30 * 53));
  });

  test.each(["pt", "safetensors"])("an embedding called encoder, tied, as .%s", async (format) => {
    const io = goldenTensors("language/tied.io.safetensors");
    const lm = await LanguageModel.load(goldenFile(`language/tied.${format}`));
    const logits = lm.logits(Int32Array.from(valuesOf(io.get("ids")!)));
    expect(distance(logits, valuesOf(io.get("logits_f64")!))).toBeLessThan(BOUND);
    expect(lm.model.report().warnings).toEqual([]);
  });

  test("Keras's", async () => {
    const path = "keras/embedding-language-model";
    const io = goldenTensors(`${path}.io.safetensors`);
    const lm = await LanguageModel.load(goldenFile(`${path}.keras`));
    const [, steps] = io.get("input")!.shape as [number, number];
    const ids = Int32Array.from(valuesOf(io.get("input")!)).subarray(0, steps);
    const exact = valuesOf(io.get("output_f64")!).subarray(0, steps * lm.vocabulary);
    expect(distance(lm.model.run(ids), exact)).toBeLessThan(BOUND);
    const logits = exact.map((probability) => Math.log(probability));
    expect(distance(lm.logits(ids), logits)).toBeLessThan(BOUND);
  });
});

describe("a state that grows", () => {
  test("takes memory as it grows, gives it to others, and is empty after reset", async () => {
    const model = await load(goldenFile("language/lmu-lm-global.safetensors"));
    const ids = new Random(3);
    const chunk = Int32Array.from({ length: 300 }, () => ids.integer(61));
    const fresh = model.run(chunk);
    const before = model.report().memoryBytes;
    const [a, b] = [model.stream(), model.stream()];
    for (let at = 0; at < 300; at += 50) {
      expect(a.push(chunk.subarray(at, at + 50))).toEqual(fresh.subarray(at * 61, (at + 50) * 61));
      b.push(chunk.subarray(at, at + 50));
    }
    const { memoryBytes } = model.report();
    expect(memoryBytes).toBeGreaterThan(before);
    for (let round = 0; round < 20; round++) {
      a.reset();
      expect(a.push(chunk)).toEqual(fresh);
      model.stream().dispose();
    }
    expect(model.report().memoryBytes).toBeLessThan(memoryBytes + 2 ** 20);
    expect(b.position).toBe(300);
  });

  test("beyond the positions of the model nothing changes", async () => {
    const model = await load(gpt2());
    const ids = new Int32Array(65);
    expect(() => model.run(ids)).toThrow(/has 65 steps, expected at most the 64 positions/);
    const [stream, other] = [model.stream(), model.stream()];
    stream.push(ids.subarray(0, 60));
    expect(() => stream.push(ids.subarray(0, 5))).toThrow(
      expect.objectContaining({ code: "input-invalid" }),
    );
    expect(stream.position).toBe(60);
    other.push(ids.subarray(0, 60));
    expect(stream.push(ids.subarray(0, 4))).toEqual(other.push(ids.subarray(0, 4)));
    expect(() => stream.step(1)).toThrow(/has 65 steps/);
  });
});

describe("config.json decides", () => {
  const config = JSON.parse(textOf("language/gpt2/config.json")) as object;
  const tensors = goldenFile("language/gpt2/model.safetensors");
  const files = (change: object) => ({
    "config.json": new TextEncoder().encode(JSON.stringify({ ...config, ...change })),
    "model.safetensors": tensors,
  });

  test.each([
    [
      { model_type: "llama" },
      /attention of kind "llama" is not supported, expected gpt2 or lmu-lm/,
    ],
    [{ n_head: 5 }, /reads 96 features, expected queries, keys and values of 5 heads/],
    [{ n_head: -1 }, /n_head -1, expected a count/],
    [{ n_embd: 31 }, /n_embd 31, expected 32, as the tensors have/],
    [{ n_layer: 1e9 }, /tensor transformer.h.2.attn.c_attn.weight is missing|ln_1/],
    [{ n_positions: 1024 }, /n_positions 1024, expected 64/],
    [{ activation_function: "quick" }, /activation_function "quick", expected "gelu_new"/],
    [{ scale_attn_weights: 2 }, /scale_attn_weights 2, expected true, false/],
    [{ layer_norm_epsilon: "x" }, /layer_norm_epsilon "x", expected a number/],
    [{ tie_word_embeddings: false }, /lm_head.weight is missing/],
  ])("%j", async (change, message) => {
    await expect(load(files(change))).rejects.toThrow(message);
  });

  test("a transformer without one is named, its matrices are no linear layers", async () => {
    const refusal = load(tensors);
    await expect(refusal).rejects.toMatchObject({ code: "layer-unsupported" });
    await expect(load(tensors)).rejects.toThrow(/c_attn.* is one of attention.*config.json/);
  });

  test("another transformer is named before its weights are read, whatever its tensors are called", async () => {
    const other = { model_type: "ctrl", architectures: ["CTRLLMHeadModel"] };
    const tied = goldenFile("language/tied.safetensors");
    const refused = [
      load(files({ model_type: "llama" }), { maxBytes: 8192 }),
      load(tied, { config: other }),
      load(goldenFile("language/tied.pt"), { config: other }),
    ];
    for (const [i, kind] of ["llama", "ctrl", "ctrl"].entries()) {
      await expect(refused[i]).rejects.toThrow(`attention of kind "${kind}" is not supported`);
    }
    const mine = { model_type: "mine", architectures: ["MyModel"], transformers_version: "4.57.0" };
    await expect(load(tied, { config: mine })).resolves.toBeDefined();
  });

  test("torch.save, and the option config", async () => {
    const file = goldenFile("language/lmu-lm-global.pt");
    await expect(load(file)).rejects.toThrow(/is one of attention/);
    const header = {
      ...{ model_type: "lmu-lm", vocabulary: 61, width: 24, blocks: 2, order: 12, theta: 30 },
      ...{ reduced_order: 4, ffn: 40, heads: 4, tied: false },
    };
    const ids = Int32Array.from({ length: 80 }, (_, i) => (i * 7) % 61);
    const same = await load(goldenFile("language/lmu-lm-global.safetensors"));
    const model = await load(file, { config: header });
    expect(model.run(ids)).toEqual(same.run(ids));
  });
});
