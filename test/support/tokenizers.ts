/*
 * tokenizer.json in the shapes that are published, with small vocabularies.
 */

const special = (id: number, content: string) => ({
  ...{ id, content, special: true, single_word: false, lstrip: false, rstrip: false },
  normalized: false,
});

const vocabularyOf = (tokens: readonly string[]) =>
  Object.fromEntries(tokens.map((token, id) => [token, id]));

const BASE = { version: "1.0", truncation: null, padding: null };
const BPE = {
  ...{ type: "BPE", dropout: null, unk_token: null, continuing_subword_prefix: null },
  ...{ end_of_word_suffix: null, fuse_unk: false, byte_fallback: false },
};

/** What stands for each byte in GPT-2's vocabulary. */
const LETTERS = Array.from({ length: 256 }, (_, byte) => byte).map((byte, _, all) => {
  const isShown = (b: number) => (b > 32 && b < 127) || (b > 160 && b !== 173);
  const hidden = all.slice(0, byte).filter((b) => !isShown(b)).length;
  return String.fromCodePoint(isShown(byte) ? byte : 256 + hidden);
});

/** GPT-2: BPE over bytes, and a token that ends texts. */
export function byteLevel() {
  const level = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
  const merges = [
    ["h", "e"],
    ["he", "l"],
    ["Ġ", "w"],
  ];
  const tokens = [...LETTERS, ...merges.map((pair) => pair.join("")), "<|endoftext|>"];
  return {
    ...BASE,
    added_tokens: [special(tokens.length - 1, "<|endoftext|>")],
    normalizer: null,
    pre_tokenizer: level,
    post_processor: null,
    decoder: level,
    model: { ...BPE, vocab: vocabularyOf(tokens), merges },
  };
}

/** Llama: sentencepiece's BPE, a space before every text, bytes for what has no token, and a token that begins texts. */
export function sentencePiece() {
  const bytes = Array.from(
    { length: 256 },
    (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`,
  );
  const merges = [
    ["▁", "w"],
    ["▁", "h"],
    ["▁h", "e"],
    ["l", "l"],
  ];
  const pieces = ["▁", ..."helowrd.,!", ...merges.map((pair) => pair.join(""))];
  const tokens = ["<unk>", "<s>", "</s>", ...bytes, ...pieces];
  const replace = (from: string, content: string) => ({
    ...{ type: "Replace", pattern: { String: from }, content },
  });
  return {
    ...BASE,
    added_tokens: ["<unk>", "<s>", "</s>"].map((token, id) => special(id, token)),
    normalizer: {
      type: "Sequence",
      normalizers: [{ type: "Prepend", prepend: "▁" }, replace(" ", "▁")],
    },
    pre_tokenizer: null,
    post_processor: {
      type: "TemplateProcessing",
      single: [{ SpecialToken: { id: "<s>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
      pair: [{ Sequence: { id: "A", type_id: 0 } }, { Sequence: { id: "B", type_id: 1 } }],
      special_tokens: { "<s>": { id: "<s>", ids: [1], tokens: ["<s>"] } },
    },
    decoder: {
      type: "Sequence",
      decoders: [
        replace("▁", " "),
        { type: "ByteFallback" },
        { type: "Fuse" },
        { type: "Strip", content: " ", start: 1, stop: 0 },
      ],
    },
    model: {
      ...{ ...BPE, unk_token: "<unk>", fuse_unk: true, byte_fallback: true },
      ...{ vocab: vocabularyOf(tokens), merges },
    },
  };
}

/** BERT: words, and parts of them behind ##. */
export function wordPiece() {
  const tokens = ["[PAD]", "[UNK]", "hello", "world", "##s", "##ly", ",", ".", "w", "##o"];
  return {
    ...BASE,
    added_tokens: [special(0, "[PAD]"), special(1, "[UNK]")],
    normalizer: {
      type: "BertNormalizer",
      ...{ clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: null,
    decoder: { type: "WordPiece", prefix: "##", cleanup: false },
    model: {
      ...{ type: "WordPiece", unk_token: "[UNK]", continuing_subword_prefix: "##" },
      ...{ max_input_chars_per_word: 100, vocab: vocabularyOf(tokens) },
    },
  };
}
