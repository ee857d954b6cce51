import type { ActivationDescription } from "../../activations.js";
import type { Tensor } from "../../tensor.js";
import type { Importer, Output } from "../importer.js";
import type { Weights } from "../torch/tensors.js";

/** Builds networks of blocks, x ← x + sublayer(norm(x)), layer by layer. */
export class Block {
  constructor(
    readonly weights: Weights,
    readonly importer: Importer,
    private readonly epsilon: number,
  ) {}

  /** A token's vector. */
  embedding(name: string): Output {
    const weight = this.weights.get(`${name}.weight`, undefined, undefined);
    const width = weight.shape[1]!;
    const input = { name: "input", width: 1 };
    return this.importer.add(name, { type: "embedding" }, [input], width, { weight });
  }

  norm(name: string, x: Output): Output {
    const { weights, importer, epsilon } = this;
    const scale = weights.get(`${name}.weight`, x.width);
    const shift = weights.find(`${name}.bias`, x.width);
    return importer.add(name, { type: "layer-norm", epsilon }, [x], x.width, { scale, shift });
  }

  /** f(W x + b), of tensors at hand. */
  dense(
    name: string,
    x: Output,
    weight: Tensor,
    bias: Tensor | undefined,
    activation?: ActivationDescription,
  ): Output {
    const layer = { type: "dense", ...(activation && { activation }) } as const;
    return this.importer.add(name, layer, [x], weight.shape[0]!, { weight, bias });
  }

  /** Queries, keys and values side by side to what the heads see. */
  attention(name: string, x: Output, heads: number, scale?: number): Output {
    const layer = { type: "attention", heads, ...(scale !== undefined && { scale }) } as const;
    return this.importer.add(name, layer, [x], x.width / 3);
  }

  /** x + what a sublayer made of it. */
  sum(name: string, x: Output, branch: Output): Output {
    return this.importer.add(`${name}/sum`, { type: "add" }, [x, branch], x.width);
  }

  /** Logits: of a matrix of its own, or of that of the embedding. */
  head(x: Output, weight: Tensor | undefined, embedding: Output, vocabulary: number): Output {
    const layer = { type: "dense", ...(!weight && { tied: embedding.name }) } as const;
    return this.importer.add("head", layer, [x], vocabulary, { weight });
  }
}
