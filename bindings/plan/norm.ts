import type { LayerNormDescription } from "../description.js";
import { computed } from "../tensor.js";
import type { Builder } from "./builder.js";
import type { Named, Node } from "./node.js";
import { pad4 } from "./panels.js";

export function planScale(
  layer: { readonly name: string },
  [x]: readonly [Node],
  b: Builder,
): Node {
  const output = b.node(x.clock, x.width);
  const scale = b.vector(`${layer.name}.scale`, x.width);
  const hasShift = b.has(`${layer.name}.shift`);
  const shift = hasShift ? b.vector(`${layer.name}.shift`, x.width) : 0;
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
  const output = b.node(x.clock, width);
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
    scale: b.has(`${name}.scale`) ? b.vector(`${name}.scale`, width) : ones(),
    shift: b.has(`${name}.shift`)
      ? b.vector(`${name}.shift`, width)
      : b.weights.vector(undefined, width),
    epsilon: layer.epsilon,
  });
  return output;
}
