import type { LayerNormDescription } from "../description.js";
import { computed } from "../tensor.js";
import type { Builder } from "./builder.js";
import { type Named, type Node, nodeOf, vectorOf } from "./node.js";
import { pad4 } from "./panels.js";

export function planScale(
  layer: { readonly name: string },
  [x]: readonly [Node],
  b: Builder,
): Node {
  const output = nodeOf(b, x.clock, x.width);
  const scale = vectorOf(b, `${layer.name}.scale`, x.width);
  const hasShift = b.has(`${layer.name}.shift`);
  const shift = hasShift ? vectorOf(b, `${layer.name}.shift`, x.width) : 0;
  b.multiplyAdds(x.width);
  b.program.record("scale", x.clock, {
    input: x.at,
    output: output.at,
    stride: pad4(x.width),
    scale,
    shift,
  });
  return output;
}

export function planLayerNorm(
  layer: Named<LayerNormDescription>,
  [x]: readonly [Node],
  b: Builder,
): Node {
  const { name } = layer;
  const { width } = x;
  const output = nodeOf(b, x.clock, width);
  const ones = () =>
    b.weights.vector(
      computed([width], () => 1),
      width,
    );
  b.multiplyAdds(3 * width);
  b.program.record("norm", x.clock, {
    input: x.at,
    output: output.at,
    stride: pad4(width),
    width,
    scale: b.has(`${name}.scale`) ? vectorOf(b, `${name}.scale`, width) : ones(),
    shift: b.has(`${name}.shift`)
      ? vectorOf(b, `${name}.shift`, width)
      : b.weights.vector(undefined, width),
    epsilon: layer.epsilon,
  });
  return output;
}
