import type { ActivationDescription } from "../../bindings/activations.js";
import type { HiddenDescription, LmuDescription } from "../../bindings/description.js";
import { Random } from "./random.js";

/** What a random layer draws from: numbers, and tensors under its own name. */
export class Draw extends Random {
  constructor(
    seed: number,
    readonly tensor: (role: string, shape: readonly number[], values: Float32Array) => void,
  ) {
    super(seed);
  }

  maybe(probability = 0.5): boolean {
    return this.next() < probability;
  }

  from(low: number, high: number): number {
    return low + this.integer(high - low + 1);
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.integer(choices.length)]!;
  }

  /** A stored tensor of values within ±scale; 1 / √columns unless given, so that products keep their size. */
  weights(role: string, shape: readonly number[], scale?: number): void {
    const count = shape.reduce((product, size) => product * size, 1);
    const columns = shape.length > 1 ? count / shape[0]! : 1;
    this.tensor(role, shape, this.floats(count, scale ?? 1 / Math.sqrt(columns)));
  }
}

type Parameters = Readonly<Record<string, readonly [low: number, high: number]>>;

/** Functions a feedback survives: bounded slope. Parameters are within the given bounds. */
const TAME: Readonly<Record<string, Parameters>> = {
  ...{ linear: {}, tanh: {}, sigmoid: {}, relu: {}, relu6: {}, selu: {}, gelu: {}, gelu_tanh: {} },
  ...{ silu: {}, softplus: {}, softsign: {}, mish: {}, softmax: {}, log_softmax: {} },
  ...{ log_sigmoid: {}, hard_silu: {}, tanh_shrink: {}, sparse_plus: {}, sparse_sigmoid: {} },
  leaky_relu: { slope: [0, 1], limit: [0.5, 2] },
  elu: { alpha: [0.1, 1.5] },
  celu: { alpha: [0.1, 1.5] },
  hard_sigmoid: { slope: [0.1, 0.5] },
  hard_tanh: { low: [-1, 0], high: [0, 1] },
  squareplus: { b: [0.1, 4] },
  soft_shrink: { threshold: [0, 0.7] },
};

/** Functions that jump: rounding decides where their argument is not exact. */
const JUMPING: Readonly<Record<string, Parameters>> = {
  hard_shrink: { threshold: [0, 0.7] },
  threshold: { threshold: [-0.5, 0.5], value: [-1, 1] },
  leaky_relu: { slope: [0, 1], threshold: [-0.5, 0.5], limit: [0.5, 2] },
};

const GATES = ["sigmoid", "hard_sigmoid", "sparse_sigmoid", "softmax"] as const;

/** Any activation, with random parameters or their defaults. */
export function activationOf(
  d: Draw,
  place: "feedback" | "gate" | "layer" | "exact layer",
): ActivationDescription {
  const choices: Record<string, Parameters> = {
    ...(place === "gate" ? Object.fromEntries(GATES.map((name) => [name, TAME[name]!])) : TAME),
    ...(place.endsWith("layer") && { exponential: {} }),
    ...(place === "exact layer" && JUMPING),
  };
  const type = d.pick(Object.keys(choices));
  const given = Object.entries(choices[type]!).filter(() => d.maybe(0.7));
  if (!given.length && d.maybe(0.7)) return type;
  const values = given.map(([name, [low, high]]) => [
    name,
    Math.fround(low + d.next() * (high - low)),
  ]);
  return { type, ...(Object.fromEntries(values) as object) };
}

const GATE_ROWS = { dense: 1, rnn: 1, lstm: 4, gru: 3 } as const;

/** A dense or recurrent cell that reads the given inputs, at least one of them; its tensors under a prefix, its hidden
 * state of the given width, which a projection makes narrower than its units. */
export function cellOf(
  d: Draw,
  type: HiddenDescription["type"],
  units: number,
  inputs: Readonly<Record<string, number>>,
  prefix = "",
  width = units,
): HiddenDescription {
  const rows = GATE_ROWS[type] * units;
  for (const [role, columns] of Object.entries(inputs)) d.weights(prefix + role, [rows, columns]);
  if (d.maybe()) d.weights(`${prefix}bias`, [rows]);
  const activation = d.maybe(0.3) ? {} : { activation: activationOf(d, "feedback") };
  if (type === "dense") return { type, ...activation };
  d.weights(`${prefix}recurrent`, [rows, width], 0.4 / Math.sqrt(width));
  if (type === "rnn") return { type, ...activation };
  const gates = d.maybe(0.7) ? {} : { gateActivation: activationOf(d, "gate") };
  if (type === "lstm") return { type, ...activation, ...gates };
  const resetAfter = d.pick([true, false, undefined]);
  if (resetAfter !== false && d.maybe()) d.weights(`${prefix}recurrent_bias`, [units]);
  return { type, ...activation, ...gates, ...(resetAfter !== undefined && { resetAfter }) };
}

/** Any Legendre memory unit on so many inputs, and its number of outputs. Large ones are worth more than steps. */
export function lmuOf(
  d: Draw,
  inputs: number,
  isLarge = false,
): { fields: LmuDescription; width: number } {
  const isGated = !isLarge && d.maybe(0.15);
  const isEncoded = isGated || d.maybe(0.7);
  const most = inputs > 8 && !isEncoded ? 4 : 13;
  const order = isLarge ? d.pick([16, 31, 32, 64]) : d.from(1, most);
  const channels = isGated ? 1 : isEncoded ? d.from(1, 4) : inputs;
  const size = channels * order;
  const hidden = d.pick([undefined, "dense", "rnn", "lstm", "gru"] as const);
  const units = d.from(1, 9);
  const encoder = (prefix: string, rows: number) => {
    d.weights(`${prefix}.input`, [rows, inputs]);
    if (!isLarge && d.maybe(0.3)) d.weights(`${prefix}.memory`, [rows, size], 0.1 / size);
    if (!isLarge && hidden && d.maybe(0.4))
      d.weights(`${prefix}.hidden`, [rows, units], 0.3 / units);
    if (d.maybe()) d.weights(`${prefix}.bias`, [rows]);
  };
  if (isEncoded) encoder("encoder", channels);
  if (isGated) encoder("gate", order);
  const isExplicit = isGated || (!isLarge && d.maybe(0.25));
  if (isExplicit) explicitMatrices(d, order);
  const roles = d.pick([["memory"], ["input"], ["memory", "input"]]);
  const readers = { memory: size, input: inputs };
  const read = Object.fromEntries(roles.map((role) => [role, readers[role as "memory"]]));
  const fields: LmuDescription = {
    type: "lmu",
    order,
    ...(!isExplicit && windowOf(d, order)),
    ...(isEncoded && d.maybe(0.3) && { encoderActivation: activationOf(d, "feedback") }),
    ...(!isLarge &&
      d.maybe(0.2) && { memoryActivation: d.pick(["tanh", "softsign", "hard_tanh"]) }),
    ...(isGated && { gateActivation: activationOf(d, "gate") }),
    ...(hidden && { hidden: cellOf(d, hidden, units, read, "hidden.") }),
  };
  return { fields, width: hidden ? units : size };
}

/** Memories of any number of features with attention between their readers. */
export function memoryAttentionOf(d: Draw, isLarge = false): object {
  const order = isLarge ? d.pick([24, 40]) : d.from(1, 9);
  const rank = d.from(1, 6);
  for (const reader of ["query", "key", "value"]) {
    d.weights(`${reader}.weight`, [rank, order], 2);
    d.weights(`${reader}.bias`, [rank]);
  }
  d.weights("mix", [rank]);
  return { type: "memory-attention", order, ...windowOf(d, order) };
}

/** Two transformers of any size, and segments of a few steps or of about a call. */
export function segmentsOf(d: Draw, width: number): object {
  const [heads, depth, encoderDepth] = [d.from(1, 3), d.from(1, 2), d.from(1, 2)];
  const [inner, wide, count] = [heads * d.from(1, 5), d.from(1, 9), d.from(1, 6)];
  d.weights("memory", [count, width], 1);
  for (const token of ["mask", "recall"]) d.weights(token, [width]);
  d.tensor("slopes", [heads], d.floats(heads, 0.5).map(Math.abs));
  const block = (name: string, reads: number) => {
    for (const norm of ["norm", "ffn.norm"]) {
      for (const part of ["scale", "shift"]) d.weights(`${name}.${norm}.${part}`, [width]);
    }
    d.weights(`${name}.read.weight`, [reads * inner, width]);
    d.weights(`${name}.out.weight`, [width, inner]);
    d.weights(`${name}.up.weight`, [wide, width]);
    d.weights(`${name}.up.bias`, [wide]);
    d.weights(`${name}.down.weight`, [width, wide]);
    d.weights(`${name}.down.bias`, [width]);
  };
  for (let i = 0; i < depth; i++) block(`predictor.${i}`, 3);
  for (let i = 0; i < encoderDepth; i++) {
    block(`encoder.${i}`, 2);
    d.weights(`encoder.${i}.query.weight`, [inner, width]);
  }
  const length = d.maybe(0.2) ? d.from(60, 70) : d.from(1, 12);
  return { type: "segments", length, heads, depth, encoderDepth };
}

/** A contraction: random matrices would explode. */
function explicitMatrices(d: Draw, order: number): void {
  const D = d.floats(order * order, 0.3 / order);
  for (let i = 0; i < order; i++) D[i * order + i]! -= 0.5;
  d.tensor("D", [order, order], D);
  d.weights("B", [order], 0.5);
}

/** Window and discretizer; Euler's rule only where it is stable, with room. */
function windowOf(d: Draw, order: number): Pick<LmuDescription, "theta" | "discretizer"> {
  const discretizer = d.pick([undefined, "zoh", "bilinear", "euler"] as const);
  const least = discretizer === "euler" ? order * order : order / 2;
  const theta = d.pick([least, 2 * least + 0.3, 30 + least, 150 + least, "Infinity" as never]);
  return { theta, ...(discretizer && { discretizer }) };
}
