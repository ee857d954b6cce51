import { type Random } from "../support/random.js";

const WORDS = [
  ...["tanh", "relu", "sigmoid", "softmax", "linear", "elu", "gelu", "leaky_relu", "input", "zoh"],
  ...["Dense", "LSTM", "GRU", "SimpleRNN", "LMU", "RNN", "Conv1D", "Bidirectional", "Flatten"],
  ...["TimeDistributed", "Sequential", "Functional", "Embedding", "Add", "Concatenate", "ReLU"],
  ...["same", "valid", "causal", "euler", "bilinear", "dense", "rnn", "lstm", "gru", "lmu"],
  ...["activation", "scale", "layer-norm", "embedding", "convolution", "pool", "global-pool"],
  ...["add", "subtract", "multiply", "maximum", "minimum", "mean", "concatenate"],
  ...[
    "last",
    "reverse",
    "flatten",
    "max",
    "F32",
    "F16",
    "I8",
    "__proto__",
    "constructor",
    "\u0000",
  ],
];

const VALUES: readonly unknown[] = [
  ...[0, 1, -1, 2, 0.1, 1e300, 2 ** 31, 2 ** 53, null, true, false, "", [], {}, [1, 2]],
  ...[[null, null, 1], { class_name: "Dense", config: {} }],
];

const pick = <T>(list: readonly T[], random: Random): T => list[random.integer(list.length)]!;

/** One to three changes somewhere within a JSON value. */
export function mutateJson(value: unknown, random: Random): unknown {
  let changed = value;
  for (let count = 1 + random.integer(3); count > 0; count--) changed = within(changed, random, 0);
  return changed;
}

function within(value: unknown, random: Random, depth: number): unknown {
  if (depth > 40) return value;
  if (Array.isArray(value)) return inList(value, random, depth);
  if (typeof value === "object" && value !== null) {
    return inObject(value as Record<string, unknown>, random, depth);
  }
  return leaf(value, random);
}

function inList(list: readonly unknown[], random: Random, depth: number): unknown {
  if (!list.length) return [pick(VALUES, random)];
  const changed = [...list];
  const [i, j] = [random.integer(list.length), random.integer(list.length)];
  const way = random.integer(7);
  if (way === 0) changed.splice(i, 1);
  else if (way === 1) changed.push(changed[i]);
  else if (way === 2) [changed[i], changed[j]] = [changed[j], changed[i]];
  else changed[i] = within(changed[i], random, depth + 1);
  return changed;
}

function inObject(object: Record<string, unknown>, random: Random, depth: number): unknown {
  const keys = Object.keys(object);
  if (!keys.length) return { a: pick(VALUES, random) };
  const changed = { ...object };
  const key = pick(keys, random);
  const way = random.integer(8);
  if (way === 0) delete changed[key];
  else if (way === 1) changed[key] = pick(VALUES, random);
  else if (way === 2) changed[pick(keys, random)] = changed[key];
  else changed[key] = within(changed[key], random, depth + 1);
  return changed;
}

function leaf(value: unknown, random: Random): unknown {
  if (typeof value === "boolean") return pick([!value, null, 0], random);
  if (typeof value === "number") {
    const near = [value + 1, value - 1, -value, value * 2, value / 3];
    return pick([...near, 0, 1, 2, 1e-300, 1e308, 65536, 2 ** 24, 2 ** 31, 0.5, "1"], random);
  }
  if (typeof value !== "string") return pick(VALUES, random);
  const word = pick(WORDS, random);
  return pick([`${value}x`, "", word, word, value.slice(1), null, [value], { type: word }], random);
}
