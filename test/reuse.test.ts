import { expect, test, vi } from "vitest";
import { load } from "../bindings/index.js";
import { Kept } from "../bindings/language/kept.js";
import { LanguageModel, type LanguageModelOptions } from "../bindings/language/language.js";
import { Stream } from "../bindings/model/stream.js";
import { goldenFile } from "./support/golden.js";

/*
 * Prompts that begin with what an earlier text has read: the same bits, and fewer tokens that are read.
 */

const gpt2 = () => ({
  "config.json": goldenFile("language/gpt2/config.json"),
  "model.safetensors": goldenFile("language/gpt2/model.safetensors"),
});
const MODELS = [
  ["LMU", () => goldenFile("language/lmu-lm.safetensors")],
  ["LMU with attention", () => goldenFile("language/lmu-lm-global.safetensors")],
  ["GPT-2", gpt2],
] as const;

const OPTIONS = { seed: 3, maxTokens: 6, temperature: 2, repetitionPenalty: 1.2 };
const FIRST = [1, 2, 3, 40, 5, 60, 7, 8];

const taken = vi.spyOn(Stream.prototype, "last");

/** Tokens that something reads. */
async function readBy(work: () => Promise<unknown>): Promise<number> {
  taken.mockClear();
  await work();
  return taken.mock.calls.reduce((sum, [ids]) => sum + ids.length, 0);
}

/** What a model writes after a prompt, probabilities included. */
async function write(lm: LanguageModel, prompt: readonly number[], options: object = OPTIONS) {
  const written = [];
  for await (const { id, logProbability } of lm.generate(prompt, options))
    written.push({ id, logProbability });
  return written;
}

const idsOf = (written: readonly { id: number }[]) => written.map(({ id }) => id);

test.each(MODELS)("%s: a history that grows is read once", async (_, source) => {
  const plain = await LanguageModel.load(source());
  const lm = await LanguageModel.load(source(), { reuse: 2 });
  let history: readonly number[] = FIRST;
  for (let turn = 0; turn < 4; turn++) {
    const wanted = await write(plain, history);
    let found: typeof wanted = [];
    const read = await readBy(async () => (found = await write(lm, history)));
    expect(found).toEqual(wanted);
    // The first time all of the prompt; then the newest token of the answer, which nobody had read, and what came behind it.
    expect(read).toBe((turn ? 1 + 3 : FIRST.length) + 5);
    history = [...history, ...idsOf(wanted), 9, turn, 10];
  }
});

test("another answer to the same prompt reads its last token alone", async () => {
  const lm = await LanguageModel.load(gpt2(), { reuse: 2 });
  const plain = await LanguageModel.load(gpt2());
  await write(lm, FIRST);
  const other = { ...OPTIONS, seed: 8 };
  const wanted = await write(plain, FIRST, other);
  let found: typeof wanted = [];
  expect(await readBy(async () => (found = await write(lm, FIRST, other)))).toBe(1 + 5);
  expect(found).toEqual(wanted);
  // And so does the answer that goes on from either.
  expect(lm.generation([...FIRST, ...idsOf(wanted)]).position).toBe(FIRST.length + 5);
});

test("a prompt that was given up goes on where it was, and one that ends before is read anew", async () => {
  const lm = await LanguageModel.load(goldenFile("language/lmu-lm.safetensors"), { reuse: 1 });
  const long = Array.from({ length: 100 }, (_, i) => i % 61);
  const text = lm.generation(long);
  text.read();
  text.dispose();
  expect(lm.generation(long).position).toBe(64);
  expect(lm.generation(long.slice(0, 64)).position).toBe(0);
  expect(lm.generation([...long.slice(0, 63), 0, 1]).position).toBe(0);
});

test("no more are kept than asked for: the least recently used goes first", async () => {
  const kept = async (reuse: number) => {
    const lm = await LanguageModel.load(gpt2(), { reuse });
    const prompts = [1, 2, 3].map((id) => [id, 50, 51]);
    for (const prompt of prompts) await write(lm, prompt, { maxTokens: 1 });
    const positions = prompts.map((prompt) => {
      const text = lm.generation([...prompt, 4]);
      return text.position;
    });
    return positions;
  };
  // With its only token a text leaves two: before the last token of its prompt, and behind it.
  expect(await kept(0)).toEqual([0, 0, 0]);
  expect(await kept(1)).toEqual([0, 0, 3]);
  expect(await kept(2)).toEqual([0, 0, 3]);
  expect(await kept(3)).toEqual([0, 3, 3]);
  expect(await kept(6)).toEqual([3, 3, 3]);
});

test("the longest past goes on, and counts as used; none is kept twice", async () => {
  const model = await load(gpt2());
  const kept = new Kept(model, 2);
  const keep = (...ids: number[]) => {
    const stream = model.stream();
    stream.push(Int32Array.from(ids));
    kept.keep(ids, stream);
  };
  const readOf = (...prompt: number[]) => kept.open(Int32Array.from(prompt)).read;
  keep(1, 2);
  keep(1);
  expect(readOf(1, 2, 3)).toEqual([1, 2]);
  for (let i = 0; i < 2; i++) keep(4);
  expect(readOf(1, 2, 3)).toEqual([1, 2]);
  expect(readOf(1, 3)).toEqual([]);
});

test("memory does not grow with the texts, and disposal gives it back", async () => {
  const lm = await LanguageModel.load(goldenFile("language/lmu-lm.safetensors"), { reuse: 2 });
  const write20 = async (from: number) => {
    for (let i = from; i < from + 20; i++) await write(lm, [i, 2, 3], { maxTokens: 2 });
    return lm.model.report().memoryBytes;
  };
  expect(await write20(20)).toBe(await write20(0));
  const text = lm.generation(FIRST);
  text.next();
  lm.dispose();
  text.dispose();
  text.dispose();
  expect(() => lm.generation(FIRST)).toThrow("disposed");
});

test("forks are kept with what they have read; rewound and restored texts are not, for nobody knows that", async () => {
  const lm = await LanguageModel.load(gpt2(), { reuse: 8 });
  const text = lm.generation(FIRST, OPTIONS);
  const fork = text.fork();
  const ids = idsOf([...fork]);
  fork.dispose();
  const longer = [...FIRST, ...ids];
  expect(lm.generation(longer).position).toBe(longer.length - 1);
  const saved = text.save();
  for (const other of [lm.restore(saved), lm.generation([9, 9, 9])]) {
    other.next();
    other.rewind(saved);
    for (let i = 0; i < 3; i++) other.next();
    other.dispose();
  }
  // Before it was rewound, the second one had left what it had read of its own prompt.
  expect(lm.generation([9, 9, 9, ...FIRST]).position).toBe(2);
});

test("reuse is a count", async () => {
  for (const reuse of [-1, 0.5, NaN, "2"] as number[]) {
    const options: LanguageModelOptions = { reuse };
    await expect(LanguageModel.load(gpt2(), options)).rejects.toThrow(RangeError);
  }
});
