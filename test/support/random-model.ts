import type { Description, LayerDescription, LayerType } from "../../bindings/description.js";
import type { MadeUp } from "./models.js";
import type { Values } from "./oracle-weights.js";
import {
  activationOf,
  cellOf,
  Draw,
  lmuOf,
  memoryAttentionOf,
  segmentsOf,
} from "./random-layer.js";

/** What one layer grows from: its kind, and where its options and numbers come from. */
export interface Gene {
  readonly type: LayerType;
  readonly seed: number;
}

/** What a random model grows from. Any genome gives a model that must load; fewer genes give a smaller one. */
export interface Genome {
  /** Features, or the vocabulary. */
  readonly width: number;
  readonly readsTokens: boolean;
  readonly steps: number | undefined;
  readonly genes: readonly Gene[];
  /** Whether memories are of orders that are worth taking many samples at once, without what forbids it. */
  readonly hasLargeMemories?: boolean;
}

/** Rows that a layer may read. */
interface Node {
  readonly name: string;
  readonly width: number;
  /** Windows on the way from the input: rows of equal rates can be merged. */
  readonly rate: string;
  readonly isSingle: boolean;
  /** A row for every step, as it comes. */
  readonly isStep: boolean;
  /** Known where the number of steps is. */
  readonly rows: number | undefined;
  /** Copies of input values: nothing was rounded on the way. */
  readonly isExact: boolean;
}

type Grown = { fields: object; node: Partial<Node> } | undefined;

/** Description and tensors of every layer kind and option there is, valid by construction. */
export function grow({ width, readsTokens, steps, genes, hasLargeMemories }: Genome): MadeUp {
  const tensors = new Map<string, Values>();
  const layers: LayerDescription[] = [];
  const input = {
    ...(readsTokens ? { vocabulary: width } : { width }),
    ...(steps !== undefined && { steps }),
  };
  const first = {
    name: "input",
    width,
    rate: "",
    isSingle: false,
    isStep: true,
    rows: steps,
    isExact: true,
  };
  const nodes: Node[] = readsTokens ? [] : [first];
  const all = readsTokens ? [{ type: "embedding", seed: width } as const, ...genes] : genes;
  for (const { type, seed } of all) {
    if (type === "embedding" && !readsTokens) continue;
    const name = `${type}-${layers.length}`;
    const drawn: [string, Values][] = [];
    const d = new Draw(seed, (role, shape, values) => {
      drawn.push([`${name}.${role}`, { shape, values }]);
    });
    const newest = nodes.at(-1) ?? first;
    const x = type === "embedding" ? first : d.maybe(0.3) ? d.pick(nodes) : newest;
    const grown = layerOf(type, d, x, nodes, hasLargeMemories);
    if (!grown) continue;
    for (const [role, values] of drawn) tensors.set(role, values);
    const from = x === newest && d.maybe() ? {} : { from: [x.name] };
    layers.push({ name, ...from, ...grown.fields } as unknown as LayerDescription);
    nodes.push({ ...x, isExact: false, ...grown.node, name });
  }
  if (!layers.length) layers.push({ name: "last", type: "last" });
  // Mostly the last one; its seed decides, so that shrinking keeps it.
  const seed = genes.at(-1)?.seed ?? 0;
  const output = nodes.length && seed % 8 === 0 ? { output: nodes[seed % nodes.length]!.name } : {};
  return { description: { version: 1, input, layers, ...output } as Description, tensors };
}

function layerOf(
  type: LayerType,
  d: Draw,
  x: Node,
  nodes: readonly Node[],
  isLarge = false,
): Grown {
  const exactness = x.isExact ? "exact layer" : "layer";
  switch (type) {
    case "lmu": {
      if (x.isSingle) return undefined;
      const { fields, width } = lmuOf(d, x.width, isLarge);
      return width > (isLarge ? 256 : 60) ? undefined : { fields, node: { width } };
    }
    case "rnn":
    case "lstm":
    case "gru": {
      if (x.isSingle) return undefined;
      const width = d.from(1, 12);
      const units = type === "lstm" && d.maybe(0.3) ? width + d.from(1, 9) : width;
      if (units > width) d.weights("projection", [width, units]);
      return { fields: cellOf(d, type, units, { input: x.width }, "", width), node: { width } };
    }
    case "dense": {
      // Often what attention reads.
      const width = d.maybe(0.3) ? 3 * d.from(1, 13) : d.from(1, 40);
      d.weights("weight", [width, x.width]);
      if (d.maybe()) d.weights("bias", [width]);
      return { fields: { type, activation: activationOf(d, "layer") }, node: { width } };
    }
    case "activation":
      return { fields: { type, activation: activationOf(d, exactness) }, node: {} };
    case "scale":
    case "layer-norm":
      if (type === "scale" || d.maybe()) d.weights("scale", [x.width]);
      if (d.maybe()) d.weights("shift", [x.width]);
      return { fields: { type, ...(type === "layer-norm" && { epsilon: 1e-2 }) }, node: {} };
    case "embedding": {
      const width = d.from(1, 6);
      d.weights("weight", [x.width, width], 1);
      return { fields: { type }, node: { width, isExact: true } };
    }
    case "positions":
      if (!x.isStep) return undefined;
      // As many as the longest sequence of the tests.
      d.weights("weight", [130, x.width], 1);
      return { fields: { type }, node: {} };
    case "attention": {
      const width = x.width / 3;
      if (!x.isStep || width % 1) return undefined;
      const heads = d.pick([1, 2, 3, 4, 5, width].filter((count) => width % count === 0));
      const scale = d.pick([{}, {}, { scale: 0.6 }]);
      return { fields: { type, heads, ...scale }, node: { width } };
    }
    case "memory-attention":
      if (x.isSingle || x.width > 9) return undefined;
      return { fields: memoryAttentionOf(d, isLarge), node: {} };
    case "segments":
      return x.isStep && x.width <= 12 ? { fields: segmentsOf(d, x.width), node: {} } : undefined;
    case "convolution":
    case "pool":
      return windowOf(type, d, x);
    case "global-pool": {
      const mode = d.pick(["max", "mean"]);
      const isExact = x.isExact && mode === "max";
      return { fields: { type, mode }, node: { ...single, isExact } };
    }
    case "slice": {
      const start = d.integer(x.width);
      const width = d.from(1, x.width - start);
      return { fields: { type, start, width }, node: { width, isExact: x.isExact } };
    }
    case "last":
      return { fields: { type }, node: { ...single, isExact: x.isExact } };
    case "reverse":
      return { fields: { type }, node: { isExact: x.isExact } };
    case "flatten": {
      const width = x.isSingle ? x.width : (x.rows ?? Infinity) * x.width;
      if (width > 300) return undefined;
      return { fields: { type }, node: { ...single, width, isExact: x.isExact } };
    }
    default:
      return mergeOf(type, d, x, nodes);
  }
}

const single = {
  rate: "single",
  isSingle: true,
  isStep: false,
  rows: 1,
};

function windowOf(type: "convolution" | "pool", d: Draw, x: Node): Grown {
  if (x.isSingle) return undefined;
  const keepsLength = type === "convolution" && d.maybe(0.5);
  const size = d.from(1, 4);
  const stride = keepsLength ? 1 : d.pick([1, 1, 2, 3, 4]);
  const dilation = type === "pool" ? 1 : d.pick([1, 1, 2, 3]);
  const span = (size - 1) * dilation + 1;
  const before = type === "pool" ? 0 : d.integer(keepsLength ? span : 5);
  const after = type === "pool" ? 0 : keepsLength ? span - 1 - before : d.integer(5);
  const rows = x.rows && Math.floor((x.rows + before + after - span) / stride) + 1;
  if (rows !== undefined && rows < 1) return undefined;
  const isSame = stride === 1 && before + after === span - 1;
  const rate = isSame ? x.rate : `${x.rate} ${span}/${stride}+${before}+${after}`;
  if (type === "pool") {
    const fields = {
      type,
      mode: d.pick(["max", "mean"]),
      size,
      ...(stride !== size && { stride }),
    };
    return {
      fields,
      node: { isStep: false, rate, rows, isExact: x.isExact && fields.mode === "max" },
    };
  }
  const groups = d.pick([1, 2, 3, 4, 5, 6, x.width].filter((count) => x.width % count === 0));
  const width = groups === x.width && d.maybe(0.7) ? groups : groups * d.from(1, 5);
  d.weights("weight", [width, size, x.width / groups]);
  if (d.maybe()) d.weights("bias", [width]);
  const fields = {
    ...{ type, activation: activationOf(d, "layer") },
    ...(stride !== 1 && { stride }),
    ...(dilation !== 1 && { dilation }),
    ...(groups !== 1 && { groups }),
    ...(before + after > 0 && { padding: [before, after] }),
  };
  return { fields, node: { width, isStep: x.isStep && isSame && after === 0, rate, rows } };
}

/** One to four inputs that advance together, whatever they look ahead. */
function mergeOf(type: LayerType, d: Draw, x: Node, nodes: readonly Node[]): Grown {
  const isList = type === "concatenate";
  const mates = nodes.filter(
    ({ rate, isSingle, width }) =>
      rate === x.rate && isSingle === x.isSingle && (isList ? width < 60 : width === x.width),
  );
  if (!mates.length) return undefined;
  // Branches are what is worth merging.
  const branches = mates.filter(({ name }) => name !== x.name);
  const count = type === "subtract" ? 1 : d.integer(4);
  const others = Array.from({ length: count }, () => d.pick(branches.length ? branches : mates));
  const inputs = [x, ...others];
  const width = isList ? inputs.reduce((sum, input) => sum + input.width, 0) : x.width;
  const isExact =
    ["maximum", "minimum", "concatenate"].includes(type) && inputs.every((node) => node.isExact);
  const isStep = inputs.every((node) => node.isStep);
  return {
    fields: { type, from: inputs.map(({ name }) => name) },
    node: { width, isExact, isStep },
  };
}
