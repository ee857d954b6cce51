import { type Group, nameOf, sizesOf } from "./group.js";

/*
 * What no state dict says, although numbers depend on it, and the `layers` that ask for it: with "?" where the model's
 * code has the answer. Loading them unanswered is refused.
 */

/** An activation after these is nearly as common as none. */
const OPEN: ReadonlySet<string> = new Set(["linear", "conv1d", "layer-norm", "batch-norm"]);

/**
 * Whether code may well apply an activation between two layers: after modules that have none of their own, and before a
 * linear, where a ReLU often follows a recurrent layer. Rows of an embedding, stacked recurrent layers and a norm after
 * one are taken as they are.
 */
function mayActivate(before: Group, after: Group): boolean {
  return OPEN.has(before.type) || (after.type === "linear" && before.type !== "embedding");
}

/** What the first convolution leaves open, its inputs among it: they are groups times what its weights say. */
export function gapOfConvolution(groups: readonly Group[]): string | undefined {
  const found = groups.find(({ type }) => type === "conv1d");
  return found && `stride and padding of ${nameOf(found)} are not in the file`;
}

/**
 * Embedding, LSTMs or GRUs, and a linear that has an output for every token: in the code of such language models nothing
 * but dropout stands between them.
 */
function isLanguageModel([embedding, ...others]: readonly Group[]): boolean {
  const head = others.pop();
  const { vocabulary } = embedding ?? {};
  const areRecurrent = others.every(({ type }) => ["torch-lstm", "torch-gru"].includes(type));
  const isHead = head?.type === "linear" && head.outputs(1) === vocabulary;
  return others.length > 0 && areRecurrent && isHead;
}

/** The first thing that a chain leaves open. */
export function gapOf(chain: readonly Group[]): string | undefined {
  if (isLanguageModel(chain)) return undefined;
  const convolution = gapOfConvolution(chain);
  if (convolution !== undefined) return convolution;
  const at = chain.findIndex((group, i) => i > 0 && mayActivate(chain[i - 1]!, group));
  if (at > 0) {
    const [before, after] = [nameOf(chain[at - 1]!), nameOf(chain[at]!)];
    return `the activation between ${before} and ${after} is not in the file`;
  }
  const rnn = chain.find(({ type }) => type === "torch-rnn");
  return rnn && `the nonlinearity of ${nameOf(rnn)} is not in the file`;
}

/** Layers told in a message, and characters of a prefix: whoever has more knows where to look. */
const MAX_LINES = 24;
const MAX_PREFIX = 200;

/** The layers as they would be passed, one a line. */
export function suggestLayers(groups: readonly Group[]): string[] {
  const lines = groups
    .slice(0, MAX_LINES)
    .flatMap((group, i) =>
      i > 0 && mayActivate(groups[i - 1]!, group)
        ? [ACTIVATION_LINE, lineOf(group)]
        : [lineOf(group)],
    );
  if (groups.length > MAX_LINES) lines.push(`// and ${groups.length - MAX_LINES} more`);
  if (groups.length === 0) lines.push('{ type: "pytorch-lmu", prefix: "lmu" }, // for example');
  return ["load(source, { layers: [", ...lines.map((line) => `  ${line}`), "] })"];
}

const ACTIVATION_LINE =
  '{ type: "activation", activation: "?" }, // "relu" for example, "linear" where there is none';

function lineOf(group: Group): string {
  const { type, prefix } = group;
  const at = prefix ? `, prefix: ${JSON.stringify(prefix.slice(0, MAX_PREFIX))}` : "";
  const [open, hint] = OPTIONS.get(type) ?? ["", ""];
  return `{ type: ${JSON.stringify(type)}${at}${open} }, // ${sizesOf(group)}${hint}`;
}

const EPSILON_HINT = "; epsilon 1e-5 unless the code says otherwise";

/** Options of a module that no tensor tells, and what they are unless the code says otherwise. */
const OPTIONS: ReadonlyMap<string, readonly [open: string, hint: string]> = new Map([
  ["torch-rnn", [', activation: "?"', '; "tanh" unless its nonlinearity is "relu"']],
  [
    "conv1d",
    [
      ', stride: "?", padding: "?"',
      "; 1 and 0 unless the code says otherwise, as dilation and groups",
    ],
  ],
  ["layer-norm", ["", EPSILON_HINT]],
  ["batch-norm", ["", EPSILON_HINT]],
]);
