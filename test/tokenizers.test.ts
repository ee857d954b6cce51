import { describe, expect, test } from "vitest";
import { recurrentFile } from "../bench/language.js";
import { LanguageModel } from "../bindings/language/language.js";
import { textAfter, TextStream } from "../bindings/language/text-stream.js";
import { BYTES, idsOf, readTokenizer, type Tokenizer } from "../bindings/language/tokenizer.js";
import { byteLevel, sentencePiece, wordPiece } from "./support/tokenizers.js";

const SHAPES = [
  ["bytes of GPT-2", byteLevel, "hello wörld , hel . 日本 🎉!"],
  ["pieces of Llama", sentencePiece, "hello wörld , hell . 日本 🎉!"],
  ["words of BERT", wordPiece, "hello worlds , worldly . hello"],
] as const;

/** A model of random weights, with a tokenizer. */
const modelOf = (vocabulary: number, tokenizer?: Tokenizer) =>
  LanguageModel.load(recurrentFile("gru", { vocabulary, width: 8, blocks: 1 }), { tokenizer });

/** A folder with a tokenizer.json, as it is published. */
const folderOf = (json: object, vocabulary: number) => ({
  "model.safetensors": recurrentFile("gru", { vocabulary, width: 8, blocks: 1 }),
  "tokenizer.json": new TextEncoder().encode(JSON.stringify(json)),
});

test("a tokenizer of before tokenizer.json is named, and ids have no text", async () => {
  const weights = recurrentFile("gru", { vocabulary: 300, width: 8, blocks: 1 });
  for (const name of ["vocab.json", "vocab.txt", "spiece.model", "tokenizer.model"]) {
    const lm = await LanguageModel.load({ "model.safetensors": weights, [name]: Uint8Array.of(1) });
    expect(() => lm.generation("hello")).toThrow(
      expect.objectContaining({
        code: "format-unknown",
        message: expect.stringMatching(`${name} is no tokenizer.json.*\n.*AutoTokenizer`) as string,
      }),
    );
    const tokens = [...lm.generation([1, 2], { maxTokens: 9 })];
    expect(tokens.map(({ text }) => text).join("")).toBe("");
    expect(tokens).toHaveLength(9);
  }
});

describe.each(SHAPES)("%s", (_, make, text) => {
  test("whatever was the prompt, it and the pieces behind it are the text", async () => {
    const tokenizer = await readTokenizer(make(), {});
    const ids = Array.from(idsOf(tokenizer, text));
    const whole = tokenizer.decode(ids);
    for (let at = 1; at < ids.length; at++) {
      const prompt = tokenizer.decode(ids.slice(0, at));
      // A prompt of ids may end within a character, which nobody can see whole then.
      if (prompt.endsWith("\uFFFD")) continue;
      const stream = new TextStream(
        tokenizer,
        textAfter(Int32Array.from(ids.slice(0, at)), tokenizer),
      );
      const pieces = ids.slice(at).map((id) => stream.push(id));
      expect(prompt + pieces.join("") + stream.end()).toBe(whole);
      expect(pieces.join("")).not.toContain("\uFFFD");
    }
  });

  test("a model writes with it, from a folder; ids beyond its vocabulary have no text", async () => {
    const { length } = Object.keys(make().model.vocab);
    const lm = await LanguageModel.load(folderOf(make(), length + 20));
    expect(lm.decode([length + 3])).toBe("");
    expect(lm.decode([])).toBe("");
    const prompt = [...lm.encode("hello")];
    const tokens = [...lm.generation("hello", { seed: 5, maxTokens: 300, temperature: 3 })];
    expect(tokens.some(({ id }) => id >= length)).toBe(true);
    const ids = tokens.map(({ id }) => id);
    const written = tokens.map((token) => token.text).join("");
    const shown = (all: string) => all.replace(/\uFFFD+/g, "\uFFFD");
    expect(shown(lm.decode(prompt) + written)).toBe(shown(lm.decode([...prompt, ...ids])));
    // A text that ends with its first token is none.
    const stopIds = Array.from({ length: lm.vocabulary }, (_, id) => id);
    expect([...lm.generation("hello", { stopIds })]).toEqual([]);
  });
});

test("spaces before points stay where they are", async () => {
  const tokenizer = await readTokenizer(byteLevel(), { clean_up_tokenization_spaces: true });
  const ids = Array.from(idsOf(tokenizer, "hel , 's n't . !"));
  expect(tokenizer.decode(ids)).toBe("hel , 's n't . !");
});

test("words that a tokenizer does not know are refused, and texts without any token", async () => {
  const json = wordPiece();
  const vocab = Object.fromEntries(
    Object.entries(json.model.vocab).filter(([token]) => token !== "[UNK]"),
  );
  const model = { ...json.model, vocab };
  const lm = await LanguageModel.load(folderOf({ ...json, added_tokens: [], model }, 20));
  expect(() => lm.encode("hello sea")).toThrow("gives token undefined, expected 0 to 19");
  const silent = await modelOf(10, { encode: () => [], decode: () => "" });
  expect(() => silent.generation("hello")).toThrow(RangeError);
  const fractions = await modelOf(10, { encode: () => [1.5], decode: () => "" });
  expect(() => fractions.logits("hello")).toThrow("gives token 1.5");
});

test("bits a byte count characters that calls cut through", async () => {
  const lm = await modelOf(256, BYTES);
  const text = "日本語のテキスト、naïve façade 🎉".repeat(9);
  // A token is a byte, and the first is not foretold.
  const { bits, bitsPerByte, tokens } = await lm.perplexity(`a${text}`);
  expect(tokens).toBe(new TextEncoder().encode(text).length);
  expect(bitsPerByte).toBeCloseTo(bits, 12);
});
