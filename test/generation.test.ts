import { describe, expect, test } from "vitest";
import { LanguageModel, type Token } from "../bindings/language/language.js";
import { tensorOfValues } from "../bindings/tensor.js";
import { ioFile } from "./support/command.js";
import { distance, goldenFile, goldenTensors, valuesOf } from "./support/golden.js";
import { expectMixed, MOVES } from "./support/mixed.js";

const gpt2 = () => ({
  "config.json": goldenFile("language/gpt2/config.json"),
  "model.safetensors": goldenFile("language/gpt2/model.safetensors"),
});
const lmu = () => LanguageModel.load(goldenFile("language/lmu-lm.safetensors"));
const global = () => LanguageModel.load(goldenFile("language/lmu-lm-global.safetensors"));

const PROMPT = [1, 2, 3, 40, 5, 60];

async function collect(tokens: AsyncIterable<Token>): Promise<Token[]> {
  const all: Token[] = [];
  for await (const token of tokens) all.push(token);
  return all;
}

const idsOf = (tokens: Iterable<Token>) => [...tokens].map(({ id }) => id);

test("GPT-2 writes greedily what the reference writes, with its probabilities", async () => {
  const io = goldenTensors("language/gpt2/io.safetensors");
  const all = [...valuesOf(io.get("greedy")!)];
  const lm = await LanguageModel.load(gpt2());
  const prompt = all.slice(0, 10);
  const tokens = await collect(lm.generate(prompt, { temperature: 0, maxTokens: 30 }));
  expect(tokens.map(({ id }) => id)).toEqual(all.slice(10));
  const logits = lm.logits(all);
  tokens.forEach(({ id, logProbability }, i) => {
    const row = logits.subarray((9 + i) * 97, (10 + i) * 97);
    const sum = row.reduce((total, logit) => total + Math.exp(logit), 0);
    expect(logProbability).toBeCloseTo(row[id]! - Math.log(sum), 5);
  });
});

test("GPT-2 ends where generation_config.json says, or else config.json", async () => {
  const config = JSON.parse(new TextDecoder().decode(gpt2()["config.json"])) as object;
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const written = async (own: unknown, generation?: unknown) => {
    const files = { ...gpt2(), "config.json": json({ ...config, eos_token_id: own }) };
    const more = generation === undefined ? {} : { "generation_config.json": json(generation) };
    const lm = await LanguageModel.load({ ...files, ...more });
    return idsOf(lm.generation(PROMPT, { seed: 2, maxTokens: 20 }));
  };
  const whole = await written(null);
  expect(whole).toHaveLength(20);
  const [first, second] = [whole[5]!, whole[9]!];
  const until = (id: number) => whole.slice(0, whole.indexOf(id));
  expect(until(first)).not.toEqual(until(second));
  expect(await written(first)).toEqual(until(first));
  expect(await written(first, { eos_token_id: second })).toEqual(until(second));
  expect(await written(second, { eos_token_id: [second, first] })).toEqual(until(first));
  expect(await written(second, { bos_token_id: 1 })).toEqual(until(second));
});

describe("logits and perplexity are those of the reference", () => {
  test.each(["lmu-lm", "lmu-lm-global"])("%s", async (name) => {
    const io = goldenTensors(`language/${name}.io.safetensors`);
    const lm = await LanguageModel.load(goldenFile(`language/${name}.safetensors`));
    const exact = valuesOf(io.get("logits_f64")!).subarray(0, 90 * 61);
    const ids = [...valuesOf(io.get("ids")!)].slice(0, 90);
    expect(distance(lm.logits(ids), exact)).toBeLessThan(2e-5);
    const nats = ids.slice(1).map((id, t) => {
      const row = exact.subarray(t * 61, (t + 1) * 61);
      return Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0)) - row[id]!;
    });
    const mean = nats.reduce((a, b) => a + b) / 89;
    const seen: number[] = [];
    const found = await lm.perplexity(ids, { onProgress: (read) => seen.push(read) });
    expect(found.nats).toBeCloseTo(mean, 5);
    expect(found.bits).toBeCloseTo(mean / Math.LN2, 5);
    expect(found.bitsPerByte).toBeCloseTo(found.bits, 12);
    expect(found.perplexity / Math.exp(found.nats)).toBeCloseTo(1, 12);
    expect([found.tokens, seen.at(-1)]).toEqual([89, 90]);
  });

  test("of a model that gives probabilities: their ln", async () => {
    const io = goldenTensors("language/probabilities.io.safetensors");
    const lm = await LanguageModel.load(goldenFile("language/probabilities.keras"));
    const exact = valuesOf(io.get("logits_f64")!);
    const ids = [...valuesOf(io.get("ids")!)];
    // Probabilities of 1e-13, in f32.
    expect(Math.min(...exact)).toBeLessThan(-29);
    expect(distance(lm.logits(ids), exact)).toBeLessThan(2e-5);
    const mean = ids.slice(1).reduce((sum, id, t) => sum - exact[t * 11 + id]! / 29, 0);
    expect((await lm.perplexity(ids)).nats).toBeCloseTo(mean, 5);
    const [token] = await collect(lm.generate(ids, { temperature: 0, maxTokens: 1 }));
    const last = [...exact.subarray(-11)];
    expect(token!.id).toBe(last.indexOf(Math.max(...last)));
    expect(token!.logProbability).toBeCloseTo(Math.max(...last), 5);
    expect(lm.model.run(ids).every((p) => p >= 0 && p <= 1)).toBe(true);
  });

  test("GPT-2 forgets all when its positions are used up", async () => {
    const lm = await LanguageModel.load(gpt2());
    const ids = Int32Array.from({ length: 150 }, (_, i) => (i * 31) % 97);
    const parts = [ids.subarray(0, 64), ids.subarray(64, 128), ids.subarray(128)];
    let sum = 0;
    for (const part of parts) sum += (await lm.perplexity(part)).nats * (part.length - 1);
    const { nats, tokens } = await lm.perplexity(ids);
    expect(tokens).toBe(147);
    expect(nats).toBeCloseTo(sum / 147, 12);
  });
});

describe("a text on its way", () => {
  const options = { seed: 4, maxTokens: 40, temperature: 6, topP: 0.95, repetitionPenalty: 1.1 };

  test.each([
    ["LMU", lmu],
    ["LMU with attention", global],
    ["GPT-2", () => LanguageModel.load(gpt2())],
  ])(
    "%s: saved, restored, forked and rewound, it goes on with the same tokens",
    async (_, load) => {
      const [lm, other] = [await load(), await load()];
      const whole = idsOf(lm.generation(PROMPT, options));
      expect(whole).toHaveLength(40);
      expect((await collect(other.generate(PROMPT, options))).map(({ id }) => id)).toEqual(whole);
      const text = lm.generation(PROMPT, options);
      const atStart = text.save();
      for (let i = 0; i < 15; i++) expect(text.next()!.id).toBe(whole[i]);
      const kept = text.save();
      const fork = text.fork();
      expect(idsOf(text)).toEqual(whole.slice(15));
      expect(text.ended).toBe("length");
      expect(idsOf(fork)).toEqual(whole.slice(15));
      expect(idsOf(other.restore(kept))).toEqual(whole.slice(15));
      text.rewind(kept);
      expect(text.count).toBe(15);
      expect(idsOf(text)).toEqual(whole.slice(15));
      text.rewind(atStart);
      expect(idsOf(text)).toEqual(whole);
      expect(idsOf(fork.fork({ maxTokens: 41 }))).toHaveLength(1);
      const changed = lm.restore(kept).fork({ seed: 5 });
      expect(idsOf(changed)).not.toEqual(whole.slice(15));
    },
  );

  test("the streams below are like any other", async () => {
    const { model } = await global();
    const input = Int32Array.from({ length: 150 }, (_, i) => (i * i) % 61);
    for (let seed = 1; seed < 5; seed++) expectMixed(model, input, seed, MOVES);
  });

  test("what is no text on its way is refused, and nothing has changed", async () => {
    const lm = await lmu();
    const text = lm.generation(PROMPT, options);
    for (let i = 0; i < 5; i++) text.next();
    const saved = text.save();
    const rest = idsOf(text.fork());
    const codes = new Set<string>();
    for (let cut = 0; cut < saved.length; cut += 97) {
      const changed = saved.slice();
      changed[cut]! ^= 0x15;
      for (const bytes of [changed, saved.subarray(0, cut)]) {
        try {
          // A digit in the header may be another.
          lm.restore(bytes).dispose();
        } catch (error) {
          codes.add((error as { code?: string }).code ?? (error as Error).name);
        }
      }
    }
    expect([...codes].filter((code) => !/^snapshot-|^(Type|Range)Error$/.test(code))).toEqual([]);
    expect(() => text.rewind(saved.subarray(9))).toThrow(/snapshot/);
    expect(() => text.rewind("x" as never)).toThrow(TypeError);
    expect(idsOf(text)).toEqual(rest);
  });

  test("ends at a stop, which is no part of it, or at a token", async () => {
    const lm = await lmu();
    const whole = await collect(lm.generate(PROMPT, { ...options, seed: 9 }));
    const text = whole.map((token) => token.text).join("");
    expect(text).toBe(lm.decode(whole.map(({ id }) => id)));
    const stop = text.slice(20, 23);
    const cut = await collect(lm.generate(PROMPT, { ...options, seed: 9, stop }));
    expect(cut.map((token) => token.text).join("")).toBe(text.slice(0, text.indexOf(stop)));
    const stopIds = [whole[10]!.id];
    const ended = lm.generation(PROMPT, { ...options, seed: 9, stopIds });
    const first = whole.findIndex(({ id }) => id === stopIds[0]);
    expect(idsOf(ended)).toEqual(whole.slice(0, first).map(({ id }) => id));
    expect(ended.ended).toBe("stop");
  });

  test("of no tokens reads no prompt", async () => {
    const text = (await lmu()).generation(new Int32Array(200), { maxTokens: 0 });
    expect([text.read(), text.next(), text.position]).toEqual([false, undefined, 0]);
  });

  test("an abort is heard between tokens, and leaves the model as it was", async () => {
    const lm = await lmu();
    const controller = new AbortController();
    const seen: Token[] = [];
    const run = async () => {
      for await (const token of lm.generate(PROMPT, { seed: 4, signal: controller.signal })) {
        seen.push(token);
        if (seen.length === 10) controller.abort(new Error("enough"));
      }
    };
    await expect(run()).rejects.toThrow("enough");
    expect(seen).toHaveLength(10);
    const again = lm.generation(PROMPT, { seed: 4 });
    expect(seen.map(() => again.next()!.id)).toEqual(seen.map(({ id }) => id));
    const early = lm.generate(PROMPT, { signal: AbortSignal.abort(new Error("before")) });
    await expect(early.next()).rejects.toThrow("before");
    const measured = lm.perplexity(
      Int32Array.from({ length: 20_000 }, (_, i) => i % 61),
      {
        signal: AbortSignal.abort(new Error("never")),
      },
    );
    await expect(measured).rejects.toThrow("never");
  });
});

describe("wrong input is refused", () => {
  test("before anything runs", async () => {
    const lm = await LanguageModel.load(gpt2());
    const refused: [() => unknown, object][] = [
      [() => lm.generation(""), { name: "RangeError" }],
      [() => lm.generation([]), { name: "RangeError" }],
      [() => lm.generation([97]), { code: "input-invalid" }],
      [() => lm.generation([-1]), { code: "input-invalid" }],
      [() => lm.generation([1.5]), { code: "input-invalid" }],
      [() => lm.generation({} as never), { name: "TypeError" }],
      [() => lm.generation("naïve"), { code: "input-invalid" }],
      [
        () => lm.generation(new Int32Array(65)),
        { message: expect.stringContaining("65 tokens") as never },
      ],
      [() => lm.logits([]), { name: "RangeError" }],
      [() => lm.logits(new Int32Array(65)), { code: "input-invalid" }],
    ];
    for (const [action, wanted] of refused) {
      expect(action).toThrow(expect.objectContaining(wanted));
    }
    await expect(lm.perplexity([1])).rejects.toThrow(/are 1 tokens, expected at least 2/);
    for (const window of [1, 0, -1, 1.5, NaN]) {
      await expect(lm.perplexity([1, 2, 3], { window })).rejects.toThrow(/window .*from 2/);
    }
  });

  test("beyond GPT-2's positions, and the text so far remains", async () => {
    const lm = await LanguageModel.load(gpt2());
    const text = lm.generation(PROMPT, { seed: 1 });
    for (let i = 0; i < 59; i++) text.next();
    expect(() => text.next()).toThrow(/has 65 steps, expected at most the 64 positions/);
    expect([text.position, text.count]).toEqual([64, 59]);
    text.save();
  });

  test("a model that is none of language, and a tokenizer that is none", async () => {
    const series = goldenFile("torch/torch-lmufft-0.safetensors");
    const layers = [
      { type: "pytorch-lmufft", prefix: "lmu" },
      { type: "linear", prefix: "classifier" },
    ] as never;
    await expect(LanguageModel.load(series, { layers })).rejects.toThrow(/no tokens in/);
    await expect(LanguageModel.load(gpt2(), { tokenizer: {} as never })).rejects.toThrow(TypeError);
  });

  test("logits that are not finite, and what comes after them", async () => {
    // Each weight is finite, and token 2 times them is not.
    const weight = tensorOfValues([4, 1], [0, 1, 3e38, 1]);
    const lm = await LanguageModel.load(
      ioFile({ "embedding.weight": weight, "head.weight": weight }),
      {
        layers: [
          { type: "embedding", prefix: "embedding" },
          { type: "linear", prefix: "head" },
        ],
      },
    );
    const text = lm.generation([1, 2]);
    const start = text.save();
    expect(() => text.next()).toThrow(/the logit of token 2 is Infinity, expected finite/);
    expect(() => text.next()).toThrow(/the last logits have NaN or infinity/);
    expect(() => lm.restore(text.save()).next()).toThrow(/the last logits have NaN or infinity/);
    text.rewind(start);
    expect(() => text.next()).toThrow(/the logit of token 2 is Infinity/);
    await expect(lm.perplexity([1, 0, 2, 0])).rejects.toThrow(
      /a logit of tokens 0 to 3 is NaN or infinite/,
    );
    expect((await lm.perplexity([1, 0, 0])).tokens).toBe(2);
  });
});
