import { writeSafetensors } from "../bindings/formats/native/write.js";
import { Random } from "../test/support/random.js";
import { fileOf, makeUp } from "../test/support/models.js";

/*
 * Language models with random weights, as their files would be.
 */

/** Shape of a transformer or LMU language model. */
export interface Shape {
  readonly vocabulary: number;
  readonly width: number;
  readonly blocks: number;
}

/** Weights by name, [shape, values]. */
export type Weights = ReadonlyMap<string, { shape: readonly number[]; values: Float32Array }>;

class Maker {
  readonly weights = new Map<string, { shape: readonly number[]; values: Float32Array }>();
  readonly #random = new Random(7);

  /** A matrix whose products have the size of what they read; gains are 1, and biases small. */
  add(name: string, ...shape: number[]): void {
    const size = shape.reduce((a, b) => a * b, 1);
    const isGain = /(ln_\w+|norm)\.weight$/.test(name);
    const scale = shape.length > 1 ? Math.sqrt(2 / (shape[0]! + shape[1]!)) : 0.1;
    const values = isGain ? new Float32Array(size).fill(1) : this.#random.floats(size, scale);
    this.weights.set(name, { shape, values });
  }

  linear(name: string, outputs: number, inputs: number): void {
    this.add(`${name}.weight`, outputs, inputs);
    this.add(`${name}.bias`, outputs);
  }

  norm(name: string, width: number): void {
    this.add(`${name}.weight`, width);
    this.add(`${name}.bias`, width);
  }
}

/** Weights of GPT-2 by the names of Hugging Face; its matrices are [inputs, outputs]. */
export function gpt2Weights({ vocabulary, width, blocks }: Shape, positions: number): Weights {
  const maker = new Maker();
  maker.add("wte.weight", vocabulary, width);
  maker.add("wpe.weight", positions, width);
  const linear = (name: string, inputs: number, outputs: number) => {
    maker.add(`${name}.weight`, inputs, outputs);
    maker.add(`${name}.bias`, outputs);
  };
  for (let i = 0; i < blocks; i++) {
    maker.norm(`h.${i}.ln_1`, width);
    linear(`h.${i}.attn.c_attn`, width, 3 * width);
    linear(`h.${i}.attn.c_proj`, width, width);
    maker.norm(`h.${i}.ln_2`, width);
    linear(`h.${i}.mlp.c_fc`, width, 4 * width);
    linear(`h.${i}.mlp.c_proj`, 4 * width, width);
  }
  maker.norm("ln_f", width);
  return maker.weights;
}

/** GPT-2 as files by name. */
export function gpt2Files(weights: Weights, shape: Shape, heads: number, positions: number) {
  return filesOf(weights, {
    ...{ model_type: "gpt2", vocab_size: shape.vocabulary, n_positions: positions },
    ...{ n_embd: shape.width, n_layer: shape.blocks, n_head: heads },
    ...{ activation_function: "gelu_new", tie_word_embeddings: true },
  });
}

/** What an LMU language model has besides. */
export interface Memory {
  readonly order: number;
  readonly theta: number;
  readonly rank: number;
  readonly ffn: number;
}

/** The LMU language model without attention, as files by name. */
export function lmuLmFiles(
  { vocabulary, width, blocks }: Shape,
  { order, theta, rank, ffn }: Memory,
) {
  const maker = new Maker();
  maker.add("embedding.weight", vocabulary, width);
  const feedForward = (name: string) => {
    maker.norm(`${name}.norm`, width);
    maker.linear(`${name}.up`, ffn, width);
    maker.linear(`${name}.down`, width, ffn);
  };
  for (let i = 0; i < blocks; i++) {
    feedForward(`blocks.${i}.first`);
    maker.norm(`blocks.${i}.memory.norm`, width);
    for (const part of ["query", "key", "value"])
      maker.linear(`blocks.${i}.memory.${part}`, rank, order);
    maker.add(`blocks.${i}.memory.mix.weight`, 1, rank);
    feedForward(`blocks.${i}.ffn`);
  }
  maker.norm("norm", width);
  return filesOf(maker.weights, {
    ...{ model_type: "lmu-lm", vocabulary, width, blocks, heads: 0, tied: true },
    ...{ order, theta, reduced_order: rank, ffn },
  });
}

/** An embedding, layers of an LSTM or GRU, and a head: a native file. */
export function recurrentFile(
  type: "lstm" | "gru",
  { vocabulary, width, blocks }: Shape,
): Uint8Array {
  const gates = type === "lstm" ? 4 : 3;
  const names = Array.from({ length: blocks }, (_, i) => `${type}_${i}`);
  const shapes: Record<string, readonly number[]> = { "embedding.weight": [vocabulary, width] };
  for (const name of names) {
    shapes[`${name}.input`] = [gates * width, width];
    shapes[`${name}.recurrent`] = [gates * width, width];
    shapes[`${name}.bias`] = [gates * width];
    if (type === "gru") shapes[`${name}.recurrent_bias`] = [width];
  }
  shapes["head.weight"] = [vocabulary, width];
  const layers = [
    { name: "embedding", type: "embedding" as const },
    ...names.map((name) => ({ name, type })),
    { name: "head", type: "dense" as const },
  ];
  return fileOf(makeUp({ vocabulary }, layers, shapes));
}

function filesOf(weights: Weights, config: object) {
  const pieces = [...weights].map(([name, { shape, values }]) => ({
    name,
    dtype: "F32",
    shape,
    bytes: new Uint8Array(values.buffer),
  }));
  return {
    "config.json": new TextEncoder().encode(JSON.stringify(config)),
    "model.safetensors": writeSafetensors(pieces),
  };
}
