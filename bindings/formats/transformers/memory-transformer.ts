import { concatenateRows, reshape, type Tensor, tensorOfValues } from "../../tensor.js";
import { Block } from "./block.js";
import { choice, count, refuse } from "./config.js";
import type { Network } from "./network.js";
import type { Weights } from "../torch/tensors.js";

/*
 * ArsMemoria of LumenPallidium's thought-and-memory: embedder, predictor behind memory tokens, memory_encoder, decoder. Its
 * configuration has the arguments of the class, embed_dim being the vocabulary.
 *
 * The file has the table of ALiBi, M[h][i][j] = -slope_h · |i - j|, slope_h = 2^(-8 / (heads - h)), and the mask: slopes are
 * read from the one, the other follows from the sizes.
 */
export const MEMORY_TRANSFORMER: Network = {
  name: "memory transformer",
  import(config, weights, importer) {
    const block = new Block(weights, importer, 1e-5);
    const embedding = block.embedding("embedder");
    const { width } = embedding;
    const vocabulary = count(config, "embed_dim", weights.shapeOf("embedder.weight")[0]);
    count(config, "dim", width);
    choice(config, "autoregressive", true);
    const heads = count(config, "n_heads");
    if (heads > width) refuse(config, "n_heads", `at most ${width}`);
    const length = count(config, "predictor_context");
    const depth = count(config, "predictor_depth");
    const encoderDepth = count(config, "memory_depth");
    const memories = count(config, "memory_context", weights.shapeOf("memory_token")[1]);
    weights.skip("mask");
    const inner = Math.floor(width / heads) * heads;
    const table = [heads, memories + length, memories + length];
    const tensors: Record<string, Tensor> = {
      memory: reshape(weights.get("memory_token", 1, memories, width), [memories, width]),
      mask: weights.vector("mask_token", width),
      recall: weights.vector("recall_token", width),
      slopes: slopesOf(weights.get("predictor.layers.0.0.alibi_obj.M", ...table)),
    };
    for (let i = 0; i < depth; i++) {
      addBlock(
        tensors,
        `predictor.${i}`,
        weights.within(`predictor.layers.${i}`),
        ["q", "k", "v"],
        [inner, width],
      );
    }
    for (let i = 0; i < encoderDepth; i++) {
      const block = weights.within(`memory_encoder.layers.${i}`);
      tensors[`encoder.${i}.query.weight`] = block.get("0.W_q.weight", inner, width);
      addBlock(tensors, `encoder.${i}`, block, ["k", "v"], [inner, width]);
    }
    const layer = { type: "segments", length, heads, depth, encoderDepth } as const;
    const seen = importer.add("segments", layer, [embedding], width, tensors);
    const decoder = weights.get("decoder.weight", vocabulary, width);
    return {
      vocabulary,
      output: block.dense("decoder", seen, decoder, weights.get("decoder.bias", vocabulary)),
    };
  },
};

/** Tensors of a block; what reads is one matrix. */
function addBlock(
  tensors: Record<string, Tensor>,
  name: string,
  weights: Weights,
  readers: readonly string[],
  [inner, width]: readonly [number, number],
): void {
  weights.skip("0.alibi_obj.M");
  const norm = (path: string, from: string) => {
    tensors[`${name}.${path}.scale`] = weights.get(`${from}.weight`, width);
    tensors[`${name}.${path}.shift`] = weights.get(`${from}.bias`, width);
  };
  norm("norm", "0.norm");
  tensors[`${name}.read.weight`] = concatenateRows(
    readers.map((reader) => weights.get(`0.W_${reader}.weight`, inner, width)),
  );
  tensors[`${name}.out.weight`] = weights.get("0.W_o.weight", width, inner);
  norm("ffn.norm", "1.net.0");
  const [wide] = weights.shapeOf("1.net.1.weight");
  tensors[`${name}.up.weight`] = weights.get("1.net.1.weight", wide, width);
  tensors[`${name}.up.bias`] = weights.get("1.net.1.bias", wide);
  tensors[`${name}.down.weight`] = weights.get("1.net.4.weight", width, wide);
  tensors[`${name}.down.bias`] = weights.get("1.net.4.bias", width);
}

/** Of neighbours in the table of each head. */
function slopesOf(table: Tensor): Tensor {
  const [heads, rows] = table.shape as [number, number];
  const values = Float32Array.from({ length: heads }, (_, h) => -table.at(h * rows * rows + 1));
  return tensorOfValues([heads], values);
}
