import type { Description, LayerDescription } from "./description.js";
import { cannotLoad } from "./errors.js";
import { Facts, type TensorInfo } from "./facts/facts.js";
import type { Graph, Node } from "./plan/node.js";
import type { Kind } from "./layers/kind.js";
import type { Kinds } from "./layers/kinds.js";
import { validateDescription } from "./validate.js";

/**
 * A model as nodes: what every layer gives, costs and keeps, found from the description and the shapes of the tensors.
 * Nothing has an address yet. The description is as a file has it, and checked first.
 *
 * @throws LmuError tensor-missing, tensor-invalid, description-invalid, layer-unsupported, option-unsupported or
 *   model-too-large
 */
export function graphOf(
  description: Description,
  tensors: ReadonlyMap<string, TensorInfo>,
  kinds: Kinds,
): Graph {
  validateDescription(description, kinds);
  const f = new Facts(tensors);
  const input = inputOf(description, f);
  const nodes: Graph["nodes"][number][] = [{ node: input, inputs: [] }];
  const named = new Map<string, Node>([["input", input]]);
  let previous = input;
  for (const layer of description.layers) {
    const inputs = layer.from?.map((name) => named.get(name)!) ?? [previous];
    f.begin(layer);
    const node = nodeOf(layer, kinds, inputs, f);
    f.end(node.width, node.clock.stepsPerRow);
    if (!inputs.includes(node)) nodes.push({ node, inputs });
    named.set(layer.name, node);
    previous = node;
  }
  const output = description.output === undefined ? previous : named.get(description.output)!;
  if (output.vocabulary !== undefined) {
    cannotLoad("its output is its token input");
  }
  const { unread } = f;
  if (unread.length) {
    const names = unread.slice(0, 5).join(", ");
    cannotLoad(`no layer reads tensor ${names}${unread.length > 5 ? ", …" : ""}`);
  }
  return { nodes, input, output, facts: f };
}

function inputOf({ input: { width = 1, vocabulary, steps } }: Description, f: Facts): Node {
  const clock = f.clock({
    capacity: ({ rows }) => rows,
    isSingle: false,
    rate: "input",
    delay: 0,
    stepsPerRow: 1,
    rows: steps,
    rowsAfter: (count) => count,
  });
  return {
    width,
    clock,
    ...(vocabulary && { vocabulary }),
    lower: (b) => b.rows(clock, width),
  };
}

function nodeOf(layer: LayerDescription, kinds: Kinds, inputs: readonly Node[], f: Facts): Node {
  const { type, name } = layer;
  const kind = kinds[type] as Kind<LayerDescription>;
  if (!kind.readsTokens && inputs.some(({ vocabulary }) => vocabulary !== undefined)) {
    cannotLoad(`${type} ${name} reads token ids, expected an embedding first`);
  }
  if (!kind.isMerge && inputs.length !== 1) {
    cannotLoad(`${type} ${name} has ${inputs.length} inputs, expected 1`);
  }
  return kind.node(layer, inputs as [Node, ...Node[]], f);
}
