import type { ActivationDescription } from "../../activations.js";
import { transpose } from "../../tensor.js";
import type { Output } from "../importer.js";
import { Block } from "./block.js";
import { choice, type Config, count, refuse } from "./config.js";
import type { Network } from "./network.js";

/*
 * GPT-2 as Hugging Face keeps it (GPT2LMHeadModel), with "transformer." before all names or without:
 *
 *   x ← wte[id] + wpe[position]; blocks  x ← x + c_proj(attention(c_attn(ln_1(x)))), x ← x + c_proj(f(c_fc(ln_2(x))))
 *   logits = wte ln_f(x), or lm_head ln_f(x)
 *
 * Its matrices are those of Conv1D, [inputs, outputs].
 */

/** Activations that configurations name, the usual one first, and what they are called in descriptions. */
const ACTIVATIONS: Readonly<Record<string, ActivationDescription>> = {
  gelu_new: "gelu_tanh",
  gelu_pytorch_tanh: "gelu_tanh",
  gelu_fast: "gelu_tanh",
  gelu_accurate: "gelu_tanh",
  gelu: "gelu",
  gelu_python: "gelu",
  relu: "relu",
  relu6: "relu6",
  leaky_relu: { type: "leaky_relu", slope: 0.01 },
  silu: "silu",
  swish: "silu",
  tanh: "tanh",
  sigmoid: "sigmoid",
  mish: "mish",
  linear: "linear",
};

export const GPT2: Network = {
  name: "GPT-2",
  isOfViews: true,
  import(config, weights, importer) {
    const epsilon = config["layer_norm_epsilon"] ?? 1e-5;
    if (typeof epsilon !== "number") refuse(config, "layer_norm_epsilon", "a number");
    choice(config, "add_cross_attention", false);
    const block = new Block(weights, importer, epsilon);
    const embedding = block.embedding("wte");
    const vocabulary = count(config, "vocab_size", weights.shapeOf("wte.weight")[0]);
    count(config, "n_embd", embedding.width);
    let x = positions(block, embedding, config);
    const blocks = count(config, "n_layer");
    for (let i = 0; i < blocks; i++) x = importBlock(block, i, x, config);
    x = block.norm("ln_f", x);
    const isTied = choice(config, "tie_word_embeddings", true, false);
    // Files of tied models may have it all the same; it is that of the embedding.
    weights.skip("lm_head.weight");
    const head = isTied ? undefined : weights.get("lm_head.weight", vocabulary, x.width);
    return { vocabulary, output: block.head(x, head, embedding, vocabulary) };
  },
};

function positions({ weights, importer }: Block, x: Output, config: Config): Output {
  const weight = weights.get("wpe.weight", undefined, x.width);
  count(config, "n_positions", weight.shape[0]);
  return importer.add("wpe", { type: "positions" }, [x], x.width, { weight });
}

function importBlock(block: Block, i: number, x: Output, config: Config): Output {
  const { weights } = block;
  const name = `h.${i}`;
  const heads = count(config, "n_head");
  const activation = choice(
    config,
    "activation_function",
    ...(Object.keys(ACTIVATIONS) as [string]),
  );
  const linear = (
    path: string,
    from: Output,
    outputs: number | undefined,
    f?: ActivationDescription,
  ) => {
    const weight = transpose(weights.get(`${path}.weight`, from.width, outputs));
    return block.dense(path, from, weight, weights.find(`${path}.bias`, weight.shape[0]), f);
  };
  // The mask of what is still to come, which older files keep.
  weights.skip(`${name}.attn.bias`, `${name}.attn.masked_bias`);
  const read = linear(`${name}.attn.c_attn`, block.norm(`${name}.ln_1`, x), 3 * x.width);
  const seen = block.attention(`${name}.attn`, read, heads, scaleOf(config, i, x.width / heads));
  const y = block.sum(`${name}.attn`, x, linear(`${name}.attn.c_proj`, seen, x.width));
  const inner = config["n_inner"] ?? undefined;
  const wide = inner === undefined ? 4 * x.width : count(config, "n_inner");
  const normed = block.norm(`${name}.ln_2`, y);
  const up = linear(`${name}.mlp.c_fc`, normed, wide, ACTIVATIONS[activation]);
  return block.sum(`${name}.mlp`, y, linear(`${name}.mlp.c_proj`, up, x.width));
}

/** What the scores of a block are multiplied by, unless it is 1 / √(features of a head). */
function scaleOf(config: Config, block: number, features: number): number | undefined {
  const isScaled = choice(config, "scale_attn_weights", true, false);
  const isOfDepth = choice(config, "scale_attn_by_inverse_layer_idx", false, true);
  if (isScaled && !isOfDepth) return undefined;
  return (isScaled ? 1 / Math.sqrt(features) : 1) / (isOfDepth ? block + 1 : 1);
}
