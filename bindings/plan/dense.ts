import type {
  ActivationLayerDescription,
  DenseDescription,
  RecurrentDescription,
} from "../description.js";
import type { Builder } from "./builder.js";
import { expectSequence, type Named, type Node } from "./node.js";
import { Cell } from "./cell.js";
import { pad4 } from "./panels.js";

export function planDense(layer: Named<DenseDescription>, [x]: readonly [Node], b: Builder): Node {
  const { name } = layer;
  const [outputs] = b.shape(`${name}.weight`, undefined, x.width);
  const hasBias = b.has(`${name}.bias`);
  if (hasBias) b.shape(`${name}.bias`, outputs);
  b.multiplyAdds(outputs * x.width);
  const output = b.node(x.clock, outputs);
  const weights = b.matrix(`${name}.weight`, outputs, x.width);
  const bias = b.weights.vector(hasBias ? `${name}.bias` : undefined, outputs);
  b.program.dense(
    output,
    bias,
    [{ input: x, weights }],
    b.program.activation(name, layer.activation),
  );
  return output;
}

export function planRecurrent(
  layer: Named<RecurrentDescription>,
  [x]: readonly [Node],
  b: Builder,
): Node {
  expectSequence(layer.name, x);
  const cell = new Cell(b, layer.name, layer, x.clock);
  cell.project([{ role: "input", node: x }], true);
  cell.advance();
  return cell.output;
}

export function planActivation(
  layer: Named<ActivationLayerDescription>,
  [x]: readonly [Node],
  b: Builder,
): Node {
  const activation = b.program.activation(layer.name, layer.activation);
  if (!activation) return x;
  const output = b.node(x.clock, x.width);
  const { width } = x;
  b.program.record("activationLayer", x.clock, {
    input: x.at,
    output: output.at,
    stride: pad4(width),
    width,
    activation,
  });
  return output;
}
