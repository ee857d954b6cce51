import type { MergeDescription, SliceDescription } from "../description.js";
import { LmuError } from "../errors.js";
import { computed } from "../tensor.js";
import type { Builder } from "./builder.js";
import type { Clock } from "./clock.js";
import { type Named, type Node, strideOf } from "./node.js";
import { pad4 } from "./panels.js";

export function planMerge(
  layer: Named<MergeDescription>,
  inputs: readonly Node[],
  b: Builder,
): Node {
  const clock = commonClock(layer, inputs, b);
  if (layer.type === "concatenate") return concatenate(inputs, clock, b);
  const [first, ...others] = inputs as [Node, ...Node[]];
  const wrong = others.find(({ width }) => width !== first.width);
  if (wrong) {
    throw new LmuError(
      "description-invalid",
      `Cannot load the model: ${layer.type} ${layer.name} has inputs of ${first.width} and ${wrong.width} features, expected equal ones`,
    );
  }
  if (layer.type === "subtract" && others.length !== 1) {
    throw new LmuError(
      "description-invalid",
      `Cannot load the model: subtract ${layer.name} has ${inputs.length} inputs, expected 2`,
    );
  }
  const output = b.node(clock, first.width);
  const operation = layer.type === "mean" ? "add" : layer.type;
  let a = first;
  for (const other of others) {
    b.program.merge(operation, output, a, other);
    a = output;
  }
  b.multiplyAdds(first.width * others.length);
  if (!others.length) return first;
  if (layer.type === "mean") divide(output, inputs.length, b);
  return output;
}

/** Side by side: one copy per input. */
function concatenate(inputs: readonly Node[], clock: Clock, b: Builder): Node {
  const width = inputs.reduce((sum, input) => sum + input.width, 0);
  const output = b.node(clock, width);
  let first = 0;
  for (const input of inputs) {
    copy({ node: input, first: 0 }, { node: output, first }, input.width, b);
    first += input.width;
  }
  return output;
}

/** Some features of every row. */
export function planSlice(layer: Named<SliceDescription>, [x]: readonly [Node], b: Builder): Node {
  const { name, start, width } = layer;
  if (start + width > x.width) {
    throw new LmuError(
      "description-invalid",
      `Cannot load the model: slice ${name} ends before feature ${start + width}, expected at most ${x.width}`,
    );
  }
  const output = b.node(x.clock, width);
  copy({ node: x, first: start }, { node: output, first: 0 }, width, b);
  return output;
}

/** A feature of a node, and those after it. */
interface Place {
  readonly node: Node;
  readonly first: number;
}

function copy(from: Place, to: Place, width: number, b: Builder): void {
  b.program.record("copy", to.node.clock, {
    input: from.node.at.plus(from.first * 4),
    inputStride: strideOf(from.node),
    output: to.node.at.plus(to.first * 4),
    outputStride: strideOf(to.node),
    width,
  });
}

function divide(node: Node, divisor: number, b: Builder): void {
  const stride = pad4(node.width);
  const scale = b.weights.vector(
    computed([stride], () => 1 / divisor),
    stride,
  );
  b.program.record("scale", node.clock, {
    input: node.at,
    output: node.at,
    stride,
    scale,
    shift: 0,
  });
}

/** The clock of nodes that advance together. */
function commonClock(layer: Named<MergeDescription>, inputs: readonly Node[], b: Builder): Clock {
  const [first, ...others] = inputs.map(({ clock }) => clock) as [Clock, ...Clock[]];
  for (const other of others) {
    if (other.rate !== first.rate) {
      throw new LmuError(
        "description-invalid",
        `Cannot load the model: ${layer.type} ${layer.name} has inputs with different numbers of steps, expected equal ones`,
      );
    }
    if (other.delay !== first.delay) {
      b.needWholeSequence(
        `the inputs of ${layer.name} look ahead ${first.delay} and ${other.delay} steps`,
      );
    }
  }
  return first;
}
