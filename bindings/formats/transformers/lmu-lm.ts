import { concatenateRows, reshape, type Tensor } from "../../tensor.js";
import type { Output } from "../importer.js";
import { Block } from "./block.js";
import { choice, type Config, count, refuse } from "./config.js";
import type { Network } from "./network.js";

/*
 * The LMU language model (Chilkuri et al. 2021, arXiv 2110.02402). The paper leaves norms, the scale of the softmax, theta
 * and the number of blocks open; here they are, for heads = 0 or more:
 *
 *   x ← embedding[id]; blocks  x ← x + first(norm(x)), x ← x + memory(norm(x)), x ← x + ffn(norm(x))
 *   first: attention of so many heads, or down(gelu(up(·))) as ffn; memory: the layer memory-attention
 *   logits = embedding norm(x), or head norm(x)
 */
export const LMU_LM: Network = {
  name: "LMU language model",
  isOfViews: true,
  import(config, weights, importer) {
    const block = new Block(weights, importer, 1e-5);
    const embedding = block.embedding("embedding");
    const vocabulary = count(config, "vocabulary", weights.shapeOf("embedding.weight")[0]);
    count(config, "width", embedding.width);
    const heads = config["heads"] === 0 ? 0 : count(config, "heads");
    const blocks = count(config, "blocks");
    let x = embedding;
    for (let i = 0; i < blocks; i++) {
      const name = `blocks.${i}`;
      const first = `${name}.first`;
      x = heads ? attention(block, first, x, heads) : feedForward(block, first, x, config);
      x = memory(block, `${name}.memory`, x, config);
      x = feedForward(block, `${name}.ffn`, x, config);
    }
    x = block.norm("norm", x);
    const isTied = choice(config, "tied", true, false);
    const head = isTied ? undefined : weights.get("head.weight", vocabulary, x.width);
    return { vocabulary, output: block.head(x, head, embedding, vocabulary) };
  },
};

function feedForward(block: Block, name: string, x: Output, config: Config): Output {
  const { weights } = block;
  const wide = count(config, "ffn", weights.shapeOf(`${name}.up.weight`)[0]);
  const linear = (path: string, from: Output, outputs: number, f?: string) => {
    const weight = weights.get(`${path}.weight`, outputs, from.width);
    return block.dense(path, from, weight, weights.get(`${path}.bias`, outputs), f);
  };
  const up = linear(`${name}.up`, block.norm(`${name}.norm`, x), wide, "gelu");
  return block.sum(name, x, linear(`${name}.down`, up, x.width));
}

function attention(block: Block, name: string, x: Output, heads: number): Output {
  const { weights } = block;
  const { width } = x;
  const parts = ["query", "key", "value"].map((part) => `${name}.${part}`);
  const all = (...shape: number[]) => {
    const role = shape.length > 1 ? "weight" : "bias";
    return concatenateRows(parts.map((part) => weights.get(`${part}.${role}`, ...shape)));
  };
  const normed = block.norm(`${name}.norm`, x);
  const read = block.dense(`${name}.read`, normed, all(width, width), all(width));
  const seen = block.attention(name, read, heads);
  const [weight, bias] = ["weight", "bias"].map((role, i) =>
    weights.get(`${name}.out.${role}`, ...[width, width].slice(i)),
  ) as [Tensor, Tensor];
  return block.sum(name, x, block.dense(`${name}.out`, seen, weight, bias));
}

function memory(block: Block, name: string, x: Output, config: Config): Output {
  const { weights, importer } = block;
  const order = count(config, "order");
  const rank = count(config, "reduced_order", weights.shapeOf(`${name}.mix.weight`)[1]);
  const { theta } = config;
  if (typeof theta !== "number") refuse(config, "theta", "a number of steps");
  const readers = ["query", "key", "value"].flatMap((reader): [string, Tensor][] => [
    [`${reader}.weight`, weights.get(`${name}.${reader}.weight`, rank, order)],
    [`${reader}.bias`, weights.get(`${name}.${reader}.bias`, rank)],
  ]);
  const mix = reshape(weights.get(`${name}.mix.weight`, 1, rank), [rank]);
  const layer = { type: "memory-attention", order, theta } as const;
  const normed = block.norm(`${name}.norm`, x);
  const tensors = { ...Object.fromEntries(readers), mix };
  return block.sum(name, x, importer.add(name, layer, [normed], x.width, tensors));
}
