import { LmuError } from "../../errors.js";
import type { Tensor } from "../../tensor.js";
import type { Importer } from "../importer.js";
import { orderGroups } from "./chain.js";
import { openLayer } from "./open-layer.js";
import type { LayerRequest } from "./request.js";

/** Far more than a chain has; the search through the names takes the square of it. */
const MAX_TENSORS = 1000;

/** Tensors of one module, known by their names. */
export interface Group {
  readonly type: LayerRequest["type"];
  readonly prefix: string;
  /** Features read; undefined where any will do. */
  readonly inputs: number | undefined;
  readonly outputs: (inputs: number) => number;
  readonly vocabulary: number | undefined;
}

/** How a kind of module is known. */
interface Kind {
  /** The name that gives it away. */
  readonly landmark: string;
  /** Names that are its own. */
  readonly names: RegExp;
  /** What it is; undefined if it turns out to be something else. */
  readonly typeOf: (find: Find, prefix: string) => LayerRequest["type"] | undefined;
}

type Find = (name: string) => Tensor | undefined;

/** Most telling names first: what they claim is no longer there for the others. */
const KINDS: readonly Kind[] = [
  known("pytorch-lmu", ["e_x", "e_h", "e_m", "W_x", "W_h", "W_m", "A", "B"]),
  known("bjkomer-lmu", [
    ...["input_encoders", "hidden_encoders", "memory_encoders"],
    ...["input_kernel", "hidden_kernel", "memory_kernel", "AT", "BT"],
  ]),
  known("abdoujaouhar-lmu", [
    ...["encoder_input", "encoder_hidden", "encoder_memory"],
    ...["kernel_input", "kernel_hidden", "kernel_memory", "AT", "BT"],
  ]),
  known(
    "pytorch-lmufft",
    ["W_u.weight", "W_h.weight", "A", "B"],
    ["W_u.bias", "W_h.bias", "H", "fft_H"],
  ),
  ...["weight_ih_l0", "weight_ih"].map(recurrent),
  known("batch-norm", ["running_mean", "running_var"], ["num_batches_tracked", "weight", "bias"]),
  known("hippo-legt", ["A", "B"]),
  { landmark: "weight", names: /^(weight|bias)$/, typeOf: typeByWeight },
];

function known(
  type: LayerRequest["type"],
  needed: readonly string[],
  optional: readonly string[] = [],
): Kind {
  const names = [...needed, ...optional].map((name) => name.replace(".", "\\."));
  return {
    landmark: needed[0]!,
    names: new RegExp(`^(${names.join("|")})$`),
    typeOf: (find) => (needed.every((name) => find(name)) ? type : undefined),
  };
}

function recurrent(landmark: string): Kind {
  return {
    landmark,
    names: /^(weight|bias)_(ih|hh|hr)(_l\d+)?(_reverse)?$/,
    typeOf: (find) => {
      // Refused when it is imported: its rows are not those of its hidden state.
      if (find(landmark.replace("ih", "hr"))) return "torch-lstm";
      const [rows = 0, units = 1] = find(landmark.replace("ih", "hh"))?.shape ?? [];
      const types = { 1: "torch-rnn", 3: "torch-gru", 4: "torch-lstm" } as const;
      return types[(rows / units) as keyof typeof types];
    },
  };
}

function typeByWeight(find: Find, prefix: string): LayerRequest["type"] | undefined {
  const axes = find("weight")!.shape.length;
  if (axes === 3) return "conv1d";
  if (axes === 2) return !find("bias") && /emb|wte|token/i.test(prefix) ? "embedding" : "linear";
  return axes === 1 && find("bias") ? "layer-norm" : undefined;
}

/**
 * The layers of a file without a description, where names and shapes leave one possibility.
 *
 * @param notes - receives what was inferred
 * @throws LmuError description-invalid, with the layers that were found, to be put in order by hand
 */
export function inferLayers(
  tensors: ReadonlyMap<string, Tensor>,
  { notes, warnings }: Pick<Importer, "notes" | "warnings">,
): LayerRequest[] {
  if (tensors.size > MAX_TENSORS) refuse(`${tensors.size} tensors are no chain of layers`, []);
  const { groups, rest } = findGroups(tensors);
  const more = rest.length > 6 ? ", …" : "";
  const chain = rest.length
    ? `no known layer has the tensors ${rest.slice(0, 6).join(", ")}${more}`
    : orderGroups(groups);
  if (typeof chain === "string") refuse(chain, groups);
  notes.push(
    `layers inferred from names and shapes: ${chain.map(describe).join(", ")}; ` +
      "activations and dropout between them leave no trace in a state dict",
  );
  for (const { type, prefix } of chain) {
    if (type !== "torch-rnn") continue;
    warnings.push(
      `${prefix || type}: a state dict does not say what activation nn.RNN has; taken is tanh, pass layers for relu`,
    );
  }
  return chain.map(requestOf);
}

/** Modules of known kinds, and the names that belong to none. */
function findGroups(tensors: ReadonlyMap<string, Tensor>): { groups: Group[]; rest: string[] } {
  const rest = new Set(tensors.keys());
  const found = new Map<string, Group>();
  for (const { landmark, names, typeOf } of KINDS) {
    for (const key of [...rest]) {
      const isHere = key === landmark || key.endsWith(`.${landmark}`);
      if (!isHere || !rest.has(key)) continue;
      const base = key.slice(0, -landmark.length);
      const find = (name: string) => (rest.has(base + name) ? tensors.get(base + name) : undefined);
      const type = typeOf(find, base);
      if (!type) continue;
      found.set(key, groupOf(type, base.slice(0, -1), tensors));
      for (const name of [...rest]) {
        if (name.startsWith(base) && names.test(name.slice(base.length))) rest.delete(name);
      }
    }
  }
  const order = [...tensors.keys()];
  const groups = [...found].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
  return { groups: groups.map(([, group]) => group), rest: [...rest] };
}

function groupOf(
  type: LayerRequest["type"],
  prefix: string,
  tensors: ReadonlyMap<string, Tensor>,
): Group {
  const layer = openLayer({ type, prefix } as LayerRequest, tensors, new Set());
  const { inputs, outputs, vocabulary } = layer.dialect.widths(layer);
  return { type, prefix, inputs, outputs, vocabulary };
}

function requestOf({ type, prefix }: Group): LayerRequest {
  return { type, ...(prefix && { prefix }) } as LayerRequest;
}

function describe(group: Group): string {
  return `${group.type} ${group.prefix || "(no prefix)"} (${sizesOf(group)})`;
}

function sizesOf({ inputs, outputs, vocabulary }: Group): string {
  if (vocabulary !== undefined) return `${vocabulary} ids → ${outputs(1)}`;
  return inputs === undefined ? `n → ${outputs(1)} n` : `${inputs} → ${outputs(inputs)}`;
}

function refuse(reason: string, groups: readonly Group[]): never {
  const lines = groups.slice(0, 24).map((group) => {
    const { type, prefix } = group;
    const at = prefix ? `, prefix: ${JSON.stringify(prefix)}` : "";
    return `  { type: ${JSON.stringify(type)}${at} }, // ${sizesOf(group)}`;
  });
  if (groups.length > 24) lines.push(`  // and ${groups.length - 24} more`);
  if (groups.length === 0) lines.push('  { type: "pytorch-lmu", prefix: "lmu" }, // for example');
  throw new LmuError(
    "description-invalid",
    "Cannot load the model: the file holds tensors without a description, and their names and shapes do not tell " +
      `how they belong together: ${reason}. Pass the layers in order of execution, out of what was found:\n` +
      `load(source, { layers: [\n${lines.join("\n")}\n] })`,
  );
}
