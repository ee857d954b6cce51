import type { Shape, Weights } from "../../language.js";

/*
 * GPT-2 as a GGUF file, version 3, all in f32: "GGUF", counts, keys with values, names and shapes of tensors, then their data.
 * https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Its matrices are [outputs, inputs], lengths the other way round.
 */

const ALIGNMENT = 32;

class Writer {
  readonly #pieces: Uint8Array[] = [];
  length = 0;

  bytes(bytes: Uint8Array): void {
    this.#pieces.push(bytes);
    this.length += bytes.length;
  }

  u32(value: number): void {
    this.bytes(new Uint8Array(Uint32Array.of(value).buffer));
  }

  u64(value: number): void {
    this.bytes(new Uint8Array(BigUint64Array.of(BigInt(value)).buffer));
  }

  text(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.u64(bytes.length);
    this.bytes(bytes);
  }

  /** A key and its value: an integer, a float (as text with a point), a text, or a list of texts or integers. */
  pair(key: string, value: number | Float32Array | string | readonly (string | number)[]): void {
    this.text(key);
    if (typeof value === "number") {
      this.u32(4);
      this.u32(value);
    } else if (value instanceof Float32Array) {
      this.u32(6);
      this.bytes(new Uint8Array(value.buffer));
    } else if (typeof value === "string") {
      this.u32(8);
      this.text(value);
    } else this.#list(value);
  }

  pad(): void {
    this.bytes(new Uint8Array((ALIGNMENT - (this.length % ALIGNMENT)) % ALIGNMENT));
  }

  finish(): Blob {
    return new Blob(this.#pieces as BlobPart[]);
  }

  #list(list: readonly (string | number)[]): void {
    const isText = typeof list[0] === "string";
    this.u32(9);
    this.u32(isText ? 8 : 5);
    this.u64(list.length);
    for (const one of list) {
      if (isText) this.text(one as string);
      else this.u32(one as number);
    }
  }
}

/** What llama.cpp calls the tensors of GPT-2. */
const NAMES: readonly (readonly [RegExp, string])[] = [
  [/^wte/, "token_embd"],
  [/^wpe/, "position_embd"],
  [/^ln_f/, "output_norm"],
  [/^h\.(\d+)\.ln_1/, "blk.$1.attn_norm"],
  [/^h\.(\d+)\.attn\.c_attn/, "blk.$1.attn_qkv"],
  [/^h\.(\d+)\.attn\.c_proj/, "blk.$1.attn_output"],
  [/^h\.(\d+)\.ln_2/, "blk.$1.ffn_norm"],
  [/^h\.(\d+)\.mlp\.c_fc/, "blk.$1.ffn_up"],
  [/^h\.(\d+)\.mlp\.c_proj/, "blk.$1.ffn_down"],
];

const nameOf = (name: string) => NAMES.reduce((found, [from, to]) => found.replace(from, to), name);

/** The file of a network; its tokens have names, and no text. */
export function ggufOf(
  weights: Weights,
  { vocabulary, width, blocks }: Shape,
  heads: number,
  positions: number,
): Blob {
  const pairs: readonly Parameters<Writer["pair"]>[] = [
    ["general.architecture", "gpt2"],
    ["gpt2.context_length", positions],
    ["gpt2.embedding_length", width],
    ["gpt2.feed_forward_length", 4 * width],
    ["gpt2.block_count", blocks],
    ["gpt2.attention.head_count", heads],
    ["gpt2.attention.layer_norm_epsilon", Float32Array.of(1e-5)],
    ["tokenizer.ggml.model", "gpt2"],
    ["tokenizer.ggml.pre", "gpt-2"],
    ["tokenizer.ggml.tokens", Array.from({ length: vocabulary }, (_, id) => `<${id}>`)],
    ["tokenizer.ggml.token_type", new Array<number>(vocabulary).fill(1)],
    ["tokenizer.ggml.merges", ["< 1"]],
    ["tokenizer.ggml.bos_token_id", 0],
    ["tokenizer.ggml.eos_token_id", 0],
  ];
  const writer = new Writer();
  writer.bytes(new TextEncoder().encode("GGUF"));
  writer.u32(3);
  writer.u64(weights.size);
  writer.u64(pairs.length);
  for (const pair of pairs) writer.pair(...pair);
  let offset = 0;
  for (const [name, { shape, values }] of weights) {
    const isTurned = name.startsWith("h.") && shape.length === 2;
    writer.text(nameOf(name));
    writer.u32(shape.length);
    for (const length of isTurned ? shape : [...shape].reverse()) writer.u64(length);
    writer.u32(0);
    writer.u64(offset);
    offset += Math.ceil(values.byteLength / ALIGNMENT) * ALIGNMENT;
  }
  for (const [name, { shape, values }] of weights) {
    writer.pad();
    const isTurned = name.startsWith("h.") && shape.length === 2;
    writer.bytes(new Uint8Array((isTurned ? turned(values, shape) : values).buffer));
  }
  return writer.finish();
}

/** [inputs, outputs] → [outputs, inputs]. */
function turned(values: Float32Array, [inputs, outputs]: readonly number[]): Float32Array {
  const found = new Float32Array(values.length);
  for (let i = 0; i < inputs!; i++)
    for (let j = 0; j < outputs!; j++) found[j * inputs! + i] = values[i * outputs! + j]!;
  return found;
}
