import { LmuError } from "../errors.js";
import type { Builder } from "./builder.js";
import { type Node, strideOf } from "./node.js";
import { pad4 } from "./panels.js";

export function planEmbedding(
  layer: { readonly name: string },
  [x]: readonly [Node],
  b: Builder,
): Node {
  if (x.vocabulary === undefined) {
    throw new LmuError(
      "description-invalid",
      `Cannot load the model: embedding ${layer.name} reads features, expected the token input`,
    );
  }
  const [, width] = b.shape(`${layer.name}.weight`, x.vocabulary, undefined);
  const output = b.node(x.clock, width);
  const stride = pad4(width);
  const table = b.weights.table(`${layer.name}.weight`, x.vocabulary, width, stride);
  b.program.record("embedding", x.clock, {
    input: x.at,
    inputStride: strideOf(x),
    output: output.at,
    stride,
    table,
  });
  return output;
}
