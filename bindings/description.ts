/*
 * What a model is, apart from its numbers: the JSON under the metadata key `lmu-wasm` of a native file, and what every
 * reader of a foreign format produces. It holds everything needed and nothing derivable: sizes come from the shapes of
 * the tensors, options that are switched on by a tensor (biases, connections) from its presence.
 *
 * Tensors of a layer are named `<layer>.<role>`; weight matrices are [outputs, inputs]. The types of layers, and the
 * roles of their tensors, stand in layers/.
 */
import type { CombineDescription } from "./layers/combine.js";
import type { ConcatenateDescription } from "./layers/concatenate.js";
import type { OneLayer } from "./layers/kinds.js";

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
export type LayerDescription = {
  readonly name: string;
  readonly from?: readonly string[];
} & OneLayer;

/** The type names of layers. */
export type LayerType = LayerDescription["type"];

/** Layers of several inputs. */
export type MergeDescription = CombineDescription | ConcatenateDescription;

export type { ConvolutionDescription } from "./layers/convolution.js";
export type { HiddenDescription, LmuDescription } from "./layers/lmu.js";
export type { RecurrentDescription } from "./layers/recurrent.js";
