import type { Description, LayerDescription } from "../../bindings/description.js";
import type { Checkpoint } from "../../bindings/formats/checkpoint.js";
import { writeNative } from "../../bindings/formats/native/write.js";
import { load } from "../../bindings/index.js";
import type { Model } from "../../bindings/model/model.js";
import { sizeOf, tensorOfValues } from "../../bindings/tensor.js";
import { type Observer, runOracle } from "./oracle.js";
import type { Values } from "./oracle-weights.js";
import { Random } from "./random.js";

/** A model made up for a test: a description and random tensors of the given shapes. */
export interface MadeUp {
  readonly description: Description;
  readonly tensors: ReadonlyMap<string, Values>;
}

/** Shapes by tensor name; a number beside them scales the random values, 1 / √inputs unless given. */
export type Shapes = Readonly<Record<string, readonly number[]>>;

export function makeUp(
  input: Description["input"],
  layers: readonly LayerDescription[],
  shapes: Shapes,
  seed = 1,
): MadeUp {
  const random = new Random(seed);
  const tensors = new Map<string, Values>();
  for (const [name, shape] of Object.entries(shapes)) {
    const inputs = sizeOf(shape) / shape[0]!;
    const values = random.floats(sizeOf(shape), 1 / Math.sqrt(Math.max(1, inputs)));
    tensors.set(name, { shape, values });
  }
  return { description: { version: 1, input, layers }, tensors };
}

/** What a reader of its file would give. */
export function checkpointOf({ description, tensors }: MadeUp): Checkpoint {
  const entries = [...tensors].map(
    ([name, { shape, values }]) => [name, tensorOfValues(shape, values)] as const,
  );
  const said = { notes: [], warnings: [] };
  return { format: "lmu-wasm", description, tensors: new Map(entries), ...said };
}

/** Its native file. */
export function fileOf(model: MadeUp): Uint8Array {
  return writeNative(checkpointOf(model));
}

/** The model, loaded from its native file. */
export function loadMadeUp(model: MadeUp): Promise<Model> {
  return load(fileOf(model));
}

/** The oracle's outputs for one sequence, flat. */
export function oracleOutputs(
  { description, tensors }: MadeUp,
  input: ArrayLike<number>,
  observe?: Observer,
): Float64Array {
  const width = description.input.width ?? 1;
  const steps = input.length / width;
  const rows = Array.from({ length: steps }, (_, t) =>
    Array.from({ length: width }, (_, i) => input[t * width + i]!),
  );
  return Float64Array.from(runOracle(description, tensors, rows, observe).flat());
}

/** An LMU of any kind; every option is a choice. */
export interface LmuChoice {
  readonly inputs: number;
  readonly channels: number;
  readonly order: number;
  readonly theta: number;
  readonly hidden: "none" | "dense" | "rnn" | "lstm" | "gru";
  readonly units: number;
  readonly isFedBack: boolean;
  readonly remembers: boolean;
  readonly seesInput: boolean;
  readonly hasBias: boolean;
  readonly isLearned: boolean;
}

const GATES = { none: 0, dense: 1, rnn: 1, lstm: 4, gru: 3 } as const;

/** A model of one LMU layer. */
export function lmuModel(choice: LmuChoice, seed: number): MadeUp {
  const { inputs, channels, order, theta, hidden, units } = choice;
  const size = channels * order;
  const gates = GATES[hidden] * units;
  const isFedBack = choice.isFedBack && hidden !== "none";
  const shapes: Record<string, readonly number[]> = { "lmu.encoder.input": [channels, inputs] };
  if (choice.hasBias) shapes["lmu.encoder.bias"] = [channels];
  if (isFedBack) shapes["lmu.encoder.hidden"] = [channels, units];
  if (hidden !== "none") {
    shapes["lmu.hidden.memory"] = [gates, size];
    if (choice.seesInput) shapes["lmu.hidden.input"] = [gates, inputs];
    if (choice.hasBias) shapes["lmu.hidden.bias"] = [gates];
    if (hidden !== "dense") shapes["lmu.hidden.recurrent"] = [gates, units];
    if (hidden === "gru" && choice.hasBias) shapes["lmu.hidden.recurrent_bias"] = [units];
  }
  const layer: LayerDescription = {
    name: "lmu",
    type: "lmu",
    order,
    theta,
    ...(hidden !== "none" && { hidden: { type: hidden, activation: "tanh" } }),
  };
  const made = makeUp({ width: inputs }, [layer], shapes, seed);
  const tensors = new Map(made.tensors);
  const random = new Random(seed + 1);
  // Small feedback of the memory, and a contraction for learned matrices: random ones would explode.
  if (choice.remembers) {
    tensors.set("lmu.encoder.memory", {
      shape: [channels, size],
      values: random.floats(channels * size, 0.1 / size),
    });
  }
  if (choice.isLearned) {
    const D = random.floats(order * order, 0.3 / order);
    for (let i = 0; i < order; i++) D[i * order + i]! -= 0.5;
    tensors.set("lmu.D", { shape: [order, order], values: D });
    tensors.set("lmu.B", { shape: [order], values: random.floats(order, 0.5) });
  }
  return { ...made, tensors };
}
