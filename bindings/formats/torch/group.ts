import type { Tensor } from "../../tensor.js";
import { lmuformerNames } from "./lmuformer.js";
import { dialectOf } from "./open-layer.js";
import type { LayerRequest } from "./request.js";
import { Weights } from "./tensors.js";

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
  /** What it is; undefined if it turns out to be something else. */
  readonly typeOf: (find: Find, prefix: string) => LayerRequest["type"] | undefined;
  /** Names that are its own, where there are such tensors. */
  readonly namesOf: (find: Find) => readonly string[];
}

type Find = (name: string) => Tensor | undefined;

/** Most telling names first: what they claim is no longer there for the others. */
const KINDS: readonly Kind[] = [
  {
    landmark: "patch_embed.rpe_conv.weight",
    typeOf: (find) => (find("block.0.attn.lmu.W_u.weight") ? "lmuformer" : undefined),
    namesOf: lmuformerNames,
  },
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
  { landmark: "weight_ih_l0", typeOf: recurrentType("_l0"), namesOf: recurrentNames },
  {
    landmark: "weight_ih",
    typeOf: recurrentType(""),
    namesOf: () => ["weight_ih", "weight_hh", "bias_ih", "bias_hh"],
  },
  known("batch-norm", ["running_mean", "running_var"], ["num_batches_tracked", "weight", "bias"]),
  known("hippo-legt", ["A", "B"]),
  { landmark: "weight", typeOf: typeByWeight, namesOf: () => ["weight", "bias"] },
];

function known(
  type: LayerRequest["type"],
  needed: readonly string[],
  optional: readonly string[] = [],
): Kind {
  return {
    landmark: needed[0]!,
    typeOf: (find) => (needed.every(find) ? type : undefined),
    namesOf: () => [...needed, ...optional],
  };
}

function recurrentType(suffix: string): Kind["typeOf"] {
  return (find) => {
    const [rows] = find(`weight_ih${suffix}`)!.shape;
    // The cell of a projected LSTM has more units than its hidden state.
    const units = find(`weight_hr${suffix}`)?.shape[1] ?? find(`weight_hh${suffix}`)?.shape[1];
    const types = { 1: "torch-rnn", 3: "torch-gru", 4: "torch-lstm" } as const;
    return types[(rows! / units!) as keyof typeof types];
  };
}

function recurrentNames(find: Find): string[] {
  const names: string[] = [];
  for (let i = 0; find(`weight_ih_l${i}`); i++) {
    for (const role of ["weight_ih", "weight_hh", "weight_hr", "bias_ih", "bias_hh"]) {
      names.push(`${role}_l${i}`, `${role}_l${i}_reverse`);
    }
  }
  return names;
}

function typeByWeight(find: Find, prefix: string): LayerRequest["type"] | undefined {
  const axes = find("weight")!.shape.length;
  if (axes === 3) return "conv1d";
  if (axes === 2) return !find("bias") && /emb|wte|token/i.test(prefix) ? "embedding" : "linear";
  return axes === 1 && find("bias") ? "layer-norm" : undefined;
}

/**
 * Modules of known kinds in the order of the file, and the names that belong to none. The work is linear in the length of
 * all names: each is looked at once per kind, and a module's own are counted out, not searched for.
 */
export function findGroups(tensors: ReadonlyMap<string, Tensor>): {
  groups: Group[];
  rest: string[];
} {
  const rest = new Set(tensors.keys());
  const found = new Map<string, Group>();
  for (const { landmark, typeOf, namesOf } of KINDS) {
    for (const key of tensors.keys()) {
      const isHere = key === landmark || key.endsWith(`.${landmark}`);
      if (!isHere || !rest.has(key)) continue;
      const base = key.slice(0, -landmark.length);
      const find = (name: string) => (rest.has(base + name) ? tensors.get(base + name) : undefined);
      const type = typeOf(find, base);
      if (!type) continue;
      found.set(key, groupOf(type, base, tensors));
      for (const name of namesOf(find)) rest.delete(base + name);
    }
  }
  const groups = [...tensors.keys()].flatMap((key) => found.get(key) ?? []);
  return { groups, rest: [...rest] };
}

/** A module of a kind whose names begin with a base, dot included. */
export function groupOf(
  type: LayerRequest["type"],
  base: string,
  tensors: ReadonlyMap<string, Tensor>,
): Group {
  const weights = new Weights({ all: tensors, base, type });
  const layer = { type, name: base, options: {}, weights };
  const { inputs, outputs, vocabulary } = dialectOf(type)!.widths(layer);
  return { type, prefix: base.slice(0, -1), inputs, outputs, vocabulary };
}

/** A group as people know it: by its prefix, cut to a readable length. */
export function nameOf({ prefix, type }: Group): string {
  return prefix.length > 100 ? `${prefix.slice(0, 100)}…` : prefix || type;
}

/** Features read and given, "5 → 14". */
export function sizesOf({ inputs, outputs, vocabulary }: Group): string {
  if (vocabulary !== undefined) return `${vocabulary} ids → ${outputs(1)}`;
  return inputs === undefined ? `n → ${outputs(1)} n` : `${inputs} → ${outputs(inputs)}`;
}
