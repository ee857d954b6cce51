/*
 * What a model is, apart from its numbers: the JSON under the metadata key `lmu-wasm` of a native file, and what every
 * reader of a foreign format produces. It holds everything needed and nothing derivable: sizes come from the shapes of
 * the tensors, options that are switched on by a tensor (biases, connections) from its presence.
 *
 * Tensors of a layer are named `<layer>.<role>`; weight matrices are [outputs, inputs]. The roles stand beside each type.
 */
import type { ActivationDescription } from "./activations.js";
import type { Discretization } from "./legendre.js";

/** A model: its input, its layers in order of execution, and which of them is the output. */
export interface Description {
  readonly version: 1;
  readonly input: InputDescription;
  readonly layers: readonly LayerDescription[];
  /** Name of the layer whose output is the model's; the last one unless given. */
  readonly output?: string;
  /** Where the model came from, for people. */
  readonly source?: string;
}

/** Features per step, or the number of token ids. `steps` is present when only one sequence length is possible. */
export type InputDescription = { readonly steps?: number } & (
  | { readonly width: number; readonly vocabulary?: never }
  | { readonly vocabulary: number; readonly width?: never }
);

/** One layer. `from` names its inputs (layers, or "input"); unless given it reads the layer before it. */
export type LayerDescription = { readonly name: string; readonly from?: readonly string[] } & (
  | LmuDescription
  | DenseDescription
  | RecurrentDescription
  | ActivationLayerDescription
  | ScaleDescription
  | LayerNormDescription
  | EmbeddingDescription
  | ConvolutionDescription
  | PoolDescription
  | GlobalPoolDescription
  | MergeDescription
  | SliceDescription
  | TimeDescription
);

/**
 * Legendre memory unit; always returns the sequence.
 *
 * Roles: encoder.input [channels, inputs], encoder.hidden [channels, units], encoder.memory [channels, channels·order],
 * encoder.bias [channels], all optional; D [order, order] and B [order] of m ← m + D m + B u when they are not those of
 * order and theta; gate.input [order, inputs], gate.hidden [order, units], gate.bias [order] of LMUCellGating;
 * hidden.input, hidden.memory, hidden.recurrent, hidden.bias, hidden.recurrent_bias as the hidden cell asks.
 * Without a hidden cell the output is the memory, channel-major, order fastest.
 */
export interface LmuDescription {
  readonly type: "lmu";
  readonly order: number;
  /** Window in steps; "Infinity" stands for a frozen memory. Unused, and optional, when D and B are given. */
  readonly theta?: number;
  readonly discretizer?: Discretization;
  readonly encoderActivation?: ActivationDescription;
  readonly memoryActivation?: ActivationDescription;
  readonly gateActivation?: ActivationDescription;
  readonly hidden?: HiddenDescription;
}

/** The cell that reads the memory. */
export type HiddenDescription =
  { readonly type: "dense"; readonly activation?: ActivationDescription } | RecurrentDescription;

/**
 * Recurrent layer; always returns the sequence. Roles: input [gates·units, inputs], recurrent [gates·units, units],
 * bias [gates·units] (optional), recurrent_bias [units] (GRU, of the candidate), projection [width, units] (LSTM, optional:
 * the hidden state is then the projection, and recurrent is [gates·units, width]).
 *
 * Gates: lstm input, forget, candidate, output; gru update, reset, candidate.
 */
export interface RecurrentDescription {
  readonly type: "rnn" | "lstm" | "gru";
  /** @defaultValue "tanh" */
  readonly activation?: ActivationDescription;
  /** Of the gates. @defaultValue "sigmoid" */
  readonly gateActivation?: ActivationDescription;
  /** gru: the reset gate acts after the product with the recurrent weights. @defaultValue true */
  readonly resetAfter?: boolean;
}

/** y = f(W x + b). Roles: weight [outputs, inputs], bias [outputs] (optional). */
export interface DenseDescription {
  readonly type: "dense";
  readonly activation?: ActivationDescription;
}

/** y = f(x). Roles: none. */
export interface ActivationLayerDescription {
  readonly type: "activation";
  readonly activation: ActivationDescription;
}

/** y = scale·x + shift per feature. Roles: scale [inputs], shift [inputs] (optional). */
export interface ScaleDescription {
  readonly type: "scale";
}

/** Layer normalisation over the features. Roles: scale [inputs], shift [inputs], both optional. */
export interface LayerNormDescription {
  readonly type: "layer-norm";
  readonly epsilon: number;
}

/** A table of vectors. Roles: weight [vocabulary, outputs]. */
export interface EmbeddingDescription {
  readonly type: "embedding";
}

/**
 * Convolution over time. Roles: weight [outputs, taps, inputs / groups], bias [outputs] (optional).
 *
 * padding: zero rows before and after the sequence; rows after it make the layer look ahead.
 */
export interface ConvolutionDescription {
  readonly type: "convolution";
  readonly stride?: number;
  readonly dilation?: number;
  readonly groups?: number;
  readonly padding?: readonly [before: number, after: number];
  readonly activation?: ActivationDescription;
}

/** Largest or mean value of `size` steps, every `stride` steps. Roles: none. */
export interface PoolDescription {
  readonly type: "pool";
  readonly mode: "max" | "mean";
  readonly size: number;
  /** @defaultValue size */
  readonly stride?: number;
}

/** Largest or mean value of the whole sequence: one row. Roles: none. */
export interface GlobalPoolDescription {
  readonly type: "global-pool";
  readonly mode: "max" | "mean";
}

/** Several inputs into one, feature by feature or side by side. Roles: none. */
export interface MergeDescription {
  readonly type: "add" | "subtract" | "multiply" | "maximum" | "minimum" | "mean" | "concatenate";
}

/** Some features of each row: `width` of them, from feature `start` on. Roles: none. */
export interface SliceDescription {
  readonly type: "slice";
  readonly start: number;
  readonly width: number;
}

/** last: the newest row only. reverse: rows in opposite order. flatten: all rows in one. Roles: none. */
export interface TimeDescription {
  readonly type: "last" | "reverse" | "flatten";
}

/** The type names above. */
export type LayerType = LayerDescription["type"];
