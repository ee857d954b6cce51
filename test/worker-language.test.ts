import { afterAll, describe, expect, test } from "vitest";
import type * as Language from "../bindings/language/language.js";
import type * as WorkerModule from "../bindings/worker/worker.js";
import { goldenFile } from "./support/golden.js";

/*
 * Language models here and in a worker, as they are shipped: the same table runs against both.
 */

const dist = (name: string) => new URL(`../dist/${name}`, import.meta.url).href;
const { LanguageModel } = (await import(dist("language/language.js"))) as typeof Language;
const { loadLanguageModel, LmuWorker } = (await import(
  dist("worker/worker.js")
)) as typeof WorkerModule;

const gpt2 = () => ({
  "config.json": goldenFile("language/gpt2/config.json"),
  "model.safetensors": goldenFile("language/gpt2/model.safetensors"),
});

const worker = new LmuWorker();
afterAll(() => worker.terminate());

const here = await LanguageModel.load(gpt2());
const there = await worker.loadLanguageModel(gpt2());
const SIDES = [
  ["here", here],
  ["in a worker", there],
] as const;

const PROMPT = [1, 2, 3, 40, 5, 60];
const OPTIONS = { seed: 4, maxTokens: 20, temperature: 6, topP: 0.95, repetitionPenalty: 1.1 };

async function collect(tokens: AsyncIterable<Language.Token> | Iterable<Language.Token>) {
  const all: Language.Token[] = [];
  for await (const token of tokens) all.push(token);
  return all;
}

const whole = await collect(here.generation(PROMPT, OPTIONS));

describe.each(SIDES)("a language model %s", (_, lm) => {
  test("writes, measures and encodes the same", async () => {
    expect(await collect(lm.generate(PROMPT, OPTIONS))).toEqual(whole);
    expect(await collect(await lm.generation(PROMPT, OPTIONS))).toEqual(whole);
    expect(await lm.logits(PROMPT)).toEqual(here.logits(PROMPT));
    expect(await lm.encode("ABC")).toEqual(Int32Array.of(65, 66, 67));
    expect(await lm.decode([65, 66])).toBe("AB");
    const seen: number[] = [];
    const ids = Int32Array.from({ length: 150 }, (_, i) => (i * 31) % 97);
    const found = await lm.perplexity(ids, { onProgress: (read) => seen.push(read), window: 50 });
    expect(found).toEqual(await here.perplexity(ids, { window: 50 }));
    expect(seen.at(-1)).toBe(150);
    expect(lm.vocabulary).toBe(97);
    expect(await lm.model.run(PROMPT)).toEqual(here.model.run(PROMPT));
  });

  test("saves, restores, forks and rewinds a text", async () => {
    const text = await lm.generation(PROMPT, OPTIONS);
    for (let i = 0; i < 7; i++) {
      expect(await text.next()).toEqual(whole[i]);
      expect(text.count).toBe(i + 1);
    }
    const saved = await text.save();
    expect([text.count, text.position, text.ended]).toEqual([7, 12, undefined]);
    expect(await collect(await text.fork())).toEqual(whole.slice(7));
    expect(await collect(await text.fork({ maxTokens: 9 }))).toEqual(whole.slice(7, 9));
    expect(await collect(text)).toEqual(whole.slice(7));
    expect([await text.next(), text.ended]).toEqual([undefined, "length"]);
    await text.rewind(saved);
    expect(await collect(text)).toEqual(whole.slice(7));
    for (const [, other] of SIDES) {
      expect(await collect(await other.restore(saved))).toEqual(whole.slice(7));
    }
    text.dispose();
    const ACTIONS = {
      "choose a token": () => text.next(),
      "save the text": () => text.save(),
      "restore the text": () => text.rewind(saved),
      fork: () => text.fork(),
    };
    for (const [name, action] of Object.entries(ACTIONS)) {
      const message = `Cannot ${name}: the text is disposed`;
      await expect((async () => action())()).rejects.toMatchObject({ code: "disposed", message });
    }
  });

  /** What must reject or throw, and with what. */
  const REFUSED: readonly [string, () => unknown, object][] = [
    ["an empty prompt", () => lm.generation(""), { name: "RangeError" }],
    ["no ids", () => lm.logits([]), { name: "RangeError" }],
    ["an id of no token", () => lm.generation([97]), { code: "input-invalid" }],
    ["a negative id", () => lm.logits([-1]), { code: "input-invalid" }],
    ["half an id", () => lm.generation([1.5]), { code: "input-invalid" }],
    ["a prompt that is none", () => lm.generation({} as never), { name: "TypeError" }],
    ["another's tokenizer", () => lm.generation("naïve"), { code: "input-invalid" }],
    ["too many positions", () => lm.logits(new Int32Array(65)), { code: "input-invalid" }],
    ["one token to measure", () => lm.perplexity([1]), { name: "RangeError" }],
    ["an option that is none", () => lm.perplexity([1, 2], { no: 1 } as never), TypeError],
    ["a temperature below 0", () => lm.generation([1], { temperature: -1 }), RangeError],
    ["a stop that is none", () => lm.generation([1], { stop: [""] }), { name: "TypeError" }],
    ["a text that is none", () => lm.restore(new Uint8Array(9)), { code: "snapshot-invalid" }],
    ["a text of strings", () => lm.restore("" as never), { name: "TypeError" }],
    [
      "a text beyond the positions",
      async () => collect(lm.generate(PROMPT, { seed: 1 })),
      { code: "input-invalid" },
    ],
  ];

  test.each(REFUSED)("refuses %s", async (_, call, wanted) => {
    const error: unknown = await (async () => call())().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    const expected =
      typeof wanted === "function" ? { name: (wanted as { name: string }).name } : wanted;
    expect(error).toMatchObject(expected);
    expect((error as Error).message).toMatch(/^Cannot /);
    expect(await collect(lm.generate(PROMPT, OPTIONS))).toEqual(whole);
  });

  test("an abort rejects with its reason, between tokens and before them", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const seen: number[] = [];
    const read = async () => {
      for await (const { id } of lm.generate(PROMPT, { ...OPTIONS, signal: controller.signal })) {
        seen.push(id);
        if (seen.length === 5) controller.abort(reason);
      }
    };
    await expect(read()).rejects.toBe(reason);
    expect(seen).toEqual(whole.slice(0, 5).map(({ id }) => id));
    const early = lm.generate(PROMPT, { signal: controller.signal });
    await expect(early.next()).rejects.toBe(reason);
    const measured = lm.perplexity(new Int32Array(9999), { signal: controller.signal });
    await expect(measured).rejects.toBe(reason);
    expect(await collect(lm.generate(PROMPT, OPTIONS))).toEqual(whole);
  });
});

describe("in a worker", () => {
  test("a token whose call was given up while it was written comes with the next call", async () => {
    const text = await there.generation(PROMPT, OPTIONS);
    const seen: unknown[] = [];
    let rejected = 0;
    for (let turn = 0; seen.length < 10; turn++) {
      const controller = new AbortController();
      const first = text.next({ signal: controller.signal });
      const second = turn % 3 ? undefined : text.next();
      controller.abort("enough");
      await first.then(
        (token) => seen.push(token),
        (reason: unknown) => {
          expect(reason).toBe("enough");
          rejected++;
        },
      );
      if (second) seen.push(await second);
      expect(text.count).toBe(seen.length);
      if (turn % 5 === 0) seen.push(await text.next());
    }
    expect(rejected).toBeGreaterThan(2);
    const forked = await collect(await text.fork());
    seen.push(...(await collect(text)));
    expect(seen).toEqual(whole);
    expect(forked.length).toBeGreaterThan(0);
    expect(forked).toEqual(whole.slice(-forked.length));
  });

  test("a prompt that begins with what a text has read goes on from there", async () => {
    const lm = await worker.loadLanguageModel(gpt2(), { reuse: 2 });
    const history = [
      ...PROMPT,
      ...(await collect(lm.generate(PROMPT, OPTIONS))).map(({ id }) => id),
    ];
    const text = await lm.generation([...history, 7], OPTIONS);
    expect(text.position).toBe(history.length - 1);
    expect(await collect(text)).toEqual(await collect(here.generation([...history, 7], OPTIONS)));
    const wrong = worker.loadLanguageModel(gpt2(), { reuse: -1 });
    await expect(wrong).rejects.toThrow("reuse is -1, expected an integer from 0");
  });

  test("nothing is written that nobody has asked for", async () => {
    const text = await there.generation(PROMPT, OPTIONS);
    const tokens = text[Symbol.asyncIterator]();
    await tokens.next();
    await tokens.next();
    await there.decode([1]);
    expect((await text.fork()).count).toBe(2);
    text.dispose();
  });

  test("a prompt that is given up goes on where it was", async () => {
    const lm = await worker.loadLanguageModel(goldenFile("language/lmu-lm.safetensors"));
    const prompt = Int32Array.from({ length: 20_000 }, (_, i) => (i * i) % 61);
    const text = await lm.generation(prompt, { temperature: 0, maxTokens: 3 });
    const controller = new AbortController();
    const first = text.next({ signal: controller.signal });
    setTimeout(() => controller.abort(new Error("later")), 20);
    await expect(first).rejects.toThrow("later");
    const same = await LanguageModel.load(goldenFile("language/lmu-lm.safetensors"));
    const expected = await collect(same.generation(prompt, { temperature: 0, maxTokens: 3 }));
    expect(await collect(text)).toEqual(expected);
    lm.dispose();
    await expect(text.next()).rejects.toMatchObject({ code: "disposed" });
  });

  test("a model has a worker of its own, or none of language is refused", async () => {
    const lm = await loadLanguageModel(gpt2());
    expect(await collect(lm.generate(PROMPT, OPTIONS))).toEqual(whole);
    lm.dispose();
    await expect(lm.encode("A")).rejects.toMatchObject({ code: "disposed" });
    const tokenizer = { encode: () => [1], decode: () => "" };
    const sent = worker.loadLanguageModel(gpt2(), { tokenizer } as never);
    await expect(sent).rejects.toBeInstanceOf(TypeError);
    const layers = [
      { type: "pytorch-lmufft", prefix: "lmu" },
      { type: "linear", prefix: "classifier" },
    ] as never;
    const series = worker.loadLanguageModel(goldenFile("torch/torch-lmufft-0.safetensors"), {
      layers,
    });
    await expect(series).rejects.toMatchObject({ code: "description-invalid" });
  });
});
