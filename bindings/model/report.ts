import type { Checkpoint } from "../formats/checkpoint.js";
import type { Plan } from "../plan/plan.js";
import type { PrefillReport } from "../plan/prefill.js";

/** What a model is and what it costs; made by {@link Model.report}. Plain data, JSON-safe. */
export interface Report {
  /** Format of the file: "lmu-wasm" (native), "keras", "transformers" (a network that a config.json
   * names), "torch", "safetensors" or "npz" (PyTorch tensors). */
  readonly format: string;
  /** Who wrote it, as far as the file says. */
  readonly source: string | undefined;
  /** As {@link Model.inputSize}. */
  readonly inputSize: number;
  /** Number of token ids, for models that read tokens. */
  readonly vocabulary: number | undefined;
  /** As {@link Model.outputSize}. */
  readonly outputSize: number;
  /** As {@link Model.returnsSequence}. */
  readonly returnsSequence: boolean;
  /** Fixed number of steps of a sequence, if the model has one. */
  readonly steps: number | undefined;
  /** Most steps of a sequence: the learned positions of a model that has such. */
  readonly maxSteps: number | undefined;
  /** As {@link Model.lookAhead}, in steps. */
  readonly lookAhead: number;
  /** Why the model cannot stream; undefined when it can. */
  readonly notStreamable: string | undefined;
  /** Numbers read from the file. */
  readonly parameters: number;
  /** How matrices are held and multiplied, as {@link LoadOptions.weights}: of int8 the small ones are f32, and whatever drives a memory. */
  readonly weights: "f32" | "int8";
  /** Bytes of all weights in wasm memory, computed matrices among them. */
  readonly weightBytes: number;
  /** Bytes of one stream's state: what the layers keep, and 16 of a header with the position. */
  readonly stateBytes: number;
  /** Bytes by which such a state grows with every step: keys and values of attention; 0 for all others. */
  readonly stateBytesPerStep: number;
  /** Bytes of wasm memory at present: weights, buffers, states of open streams. */
  readonly memoryBytes: number;
  /**
   * Multiplications, with their additions, per input step: one per use of a weight, one per value that a merge takes in
   * after its first, three per value that is normalised. Biases, gates and activations are not counted; a layer behind
   * strides counts for its share of the steps, and attention without its products with what it has seen.
   */
  readonly multiplyAdds: number;
  /** The layers in order of execution. */
  readonly layers: readonly LayerReport[];
  /** What was found out or assumed while reading: dialect, conventions. */
  readonly notes: readonly string[];
  /** What may not work as hoped: instability, unread tensors. */
  readonly warnings: readonly string[];
}

/** One layer of a {@link Report}. */
export interface LayerReport {
  /** Name in the file, made unique. */
  readonly name: string;
  /** Type in the native format: "lmu", "lstm", "dense", … */
  readonly type: string;
  /**
   * What the native format says of the layer besides, by its names: order, theta, discretizer, hidden, activation,
   * gateActivation, stride, dilation, padding, … and `from`, the layers it reads unless it is the one before. What is
   * left out has its default; sizes are those of the tensors.
   */
  readonly options: Readonly<Record<string, unknown>>;
  /** Features of one row that the layer gives. */
  readonly outputSize: number;
  /** Numbers read from the file. */
  readonly parameters: number;
  /** Bytes of its part of one stream's state. */
  readonly stateBytes: number;
  /** Its part of {@link Report.multiplyAdds}. */
  readonly multiplyAdds: number;
  /** How it takes many samples at once, if it does: of models loaded with the option `prefill`. */
  readonly prefill?: PrefillReport;
  /** What it reads of the file, by the names of the native format: weights are [outputs, inputs]. */
  readonly tensors: readonly TensorReport[];
}

/** A tensor of a {@link LayerReport}. */
export interface TensorReport {
  /** Layer and role: "lstm.input". */
  readonly name: string;
  /** How the file stores it. */
  readonly dtype: string;
  /** Lengths of its axes. */
  readonly shape: readonly number[];
}

/** What the reader of a file knows about it. */
export type Origin = Pick<Checkpoint, "format" | "notes" | "warnings"> & {
  readonly source: string | undefined;
};

export function reportOf(plan: Plan, memoryBytes: number, origin: Origin): Report {
  const total = (key: "parameters" | "multiplyAdds") =>
    plan.costs.reduce((sum, cost) => sum + cost[key], 0);
  const { input, output } = plan;
  return {
    format: origin.format,
    source: origin.source,
    inputSize: input.width,
    vocabulary: input.vocabulary,
    outputSize: output.width,
    returnsSequence: !output.isSingle,
    steps: input.steps,
    maxSteps: plan.maxSteps < Infinity ? plan.maxSteps : undefined,
    lookAhead: output.lookAhead,
    notStreamable: plan.wholeSequence,
    parameters: total("parameters"),
    weights: plan.weights,
    weightBytes: plan.slotsAt - plan.weightsAt,
    stateBytes: plan.stateBytes,
    stateBytesPerStep: plan.rowBytes,
    memoryBytes,
    multiplyAdds: Math.round(total("multiplyAdds")),
    layers: JSON.parse(
      JSON.stringify(
        plan.costs.map((cost) => ({ ...cost, prefill: plan.prefills.get(cost.name) })),
      ),
    ) as LayerReport[],
    notes: [...origin.notes],
    warnings: [...origin.warnings, ...plan.warnings],
  };
}
