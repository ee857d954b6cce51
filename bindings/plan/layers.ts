import type { Description, LayerDescription } from "../description.js";
import { LmuError } from "../errors.js";
import type { Builder } from "./builder.js";
import type { Node } from "./node.js";
import { planActivation, planDense, planRecurrent } from "./dense.js";
import { planEmbedding } from "./embedding.js";
import { planLmu } from "./lmu.js";
import { planMerge, planSlice } from "./merge.js";
import { planLayerNorm, planScale } from "./norm.js";
import { planTime } from "./time.js";
import { planConvolution, planGlobalPool, planPool } from "./window.js";

/** Plans every layer in order; returns the nodes at both ends. */
export function planLayers(description: Description, b: Builder): { input: Node; output: Node } {
  b.begin({ name: "input", type: "input" });
  const { width = 1, vocabulary, steps } = description.input;
  const clock = b.program.clock({
    capacity: b.capacity.rows,
    isSingle: false,
    rate: "input",
    delay: 0,
    stepsPerRow: 1,
    rows: steps,
    rowsAfter: (count) => count,
  });
  const input: Node = {
    at: b.buffer(clock, width),
    width,
    clock,
    ...(vocabulary && { vocabulary }),
  };
  const nodes = new Map<string, Node>([["input", input]]);
  let previous = input;
  for (const layer of description.layers) {
    const inputs = layer.from?.map((name) => nodes.get(name)!) ?? [previous];
    b.begin(layer);
    previous = planLayer(layer, inputs, b);
    b.end(previous.width, previous.clock.stepsPerRow);
    nodes.set(layer.name, previous);
  }
  const output = description.output === undefined ? previous : nodes.get(description.output)!;
  if (output.vocabulary !== undefined) {
    throw new LmuError(
      "description-invalid",
      "Cannot load the model: its output is its token input",
    );
  }
  const unread = b.unread;
  if (unread.length) {
    throw new LmuError(
      "description-invalid",
      `Cannot load the model: no layer reads tensor ${unread.slice(0, 5).join(", ")}${unread.length > 5 ? ", …" : ""}`,
    );
  }
  return { input, output };
}

function planLayer(layer: LayerDescription, inputs: readonly Node[], b: Builder): Node {
  if (layer.type !== "embedding" && inputs.some(({ vocabulary }) => vocabulary !== undefined)) {
    throw new LmuError(
      "description-invalid",
      `Cannot load the model: ${layer.type} ${layer.name} reads token ids, expected an embedding first`,
    );
  }
  const one = inputs as readonly [Node];
  switch (layer.type) {
    case "add":
    case "subtract":
    case "multiply":
    case "maximum":
    case "minimum":
    case "mean":
    case "concatenate":
      return planMerge(layer, inputs, b);
  }
  if (inputs.length !== 1) {
    throw new LmuError(
      "description-invalid",
      `Cannot load the model: ${layer.type} ${layer.name} has ${inputs.length} inputs, expected 1`,
    );
  }
  switch (layer.type) {
    case "lmu":
      return planLmu(layer, one, b);
    case "dense":
      return planDense(layer, one, b);
    case "rnn":
    case "lstm":
    case "gru":
      return planRecurrent(layer, one, b);
    case "activation":
      return planActivation(layer, one, b);
    case "scale":
      return planScale(layer, one, b);
    case "layer-norm":
      return planLayerNorm(layer, one, b);
    case "embedding":
      return planEmbedding(layer, one, b);
    case "convolution":
      return planConvolution(layer, one, b);
    case "pool":
      return planPool(layer, one, b);
    case "global-pool":
      return planGlobalPool(layer, one, b);
    case "slice":
      return planSlice(layer, one, b);
    case "last":
    case "reverse":
    case "flatten":
      return planTime(layer, one, b);
  }
}
