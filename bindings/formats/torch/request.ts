import type { ActivationDescription, LayerType } from "../../description.js";
import type { Discretization } from "../../legendre.js";

/**
 * One layer of a model whose file holds tensors alone, in order of execution: what it is, and where its tensors are.
 *
 * Sizes come from the shapes of the tensors. Activations go by our names or those of torch.nn, with PyTorch's defaults.
 */
export type LayerRequest =
  LmuRequest | HippoRequest | RecurrentRequest | ModuleRequest | NativeRequest;

interface Located {
  /** What the names of the layer's tensors begin with: "lmu" for "lmu.W_x" or "lmu.cell.W_x". @defaultValue "" */
  readonly prefix?: string;
  /** Name in the model. @defaultValue the prefix */
  readonly name?: string;
}

interface Sequential extends Located {
  /** false keeps only the newest row, for models that read the last step. @defaultValue true */
  readonly returnsSequence?: boolean;
}

/**
 * LMUs of PyTorch repositories: hrshtv/pytorch-lmu (LMU and LMUFFT), bjkomer/pytorch-legendre-memory-unit,
 * AbdouJaouhar/LMU-Legendre-Memory-Unit; popgym's is that of hrshtv.
 */
export interface LmuRequest extends Sequential {
  readonly type: "pytorch-lmu" | "pytorch-lmufft" | "bjkomer-lmu" | "abdoujaouhar-lmu";
  /** Of the hidden state. @defaultValue "tanh"; "relu" for pytorch-lmufft */
  readonly activation?: ActivationDescription;
  /** Of the written value. @defaultValue "linear"; "relu" for pytorch-lmufft */
  readonly encoderActivation?: ActivationDescription;
  /** Whether the file holds Ā or Ā - I. @defaultValue found out from the matrices */
  readonly convention?: "A" | "A-I";
  /** Whether the matrix is stored for row vectors. @defaultValue found out from the matrices */
  readonly isTransposed?: boolean;
  /** Window in steps. @defaultValue found out from the matrices, which are kept when they are those of no theta */
  readonly theta?: number;
}

/** HiPPO and S4 memories without encoder or hidden state: each input channel has one; they are given as in the file. */
export interface HippoRequest extends Sequential {
  readonly type: "hippo-legt";
  /** Input channels, where no layer before it says. @defaultValue 1 */
  readonly channels?: number;
  /** What the file holds. @defaultValue found out from the matrices */
  readonly convention?: "A" | "A-I" | "continuous";
  readonly isTransposed?: boolean;
  /** Rule for continuous matrices. @defaultValue "bilinear" */
  readonly discretizer?: Discretization;
  /** Window in steps, for continuous matrices. */
  readonly theta?: number;
  /** Step in the file's own unit of time, for continuous matrices, instead of theta. */
  readonly dt?: number;
}

/** nn.LSTM, nn.GRU, nn.RNN of any number of layers, and their cells; one direction. */
export interface RecurrentRequest extends Sequential {
  readonly type: "torch-lstm" | "torch-gru" | "torch-rnn";
  /** torch-rnn only, which is "tanh" or "relu". @defaultValue "tanh" */
  readonly activation?: ActivationDescription;
}

/** Modules of torch.nn that stand between the others. What is no tensor is not in the file: state it. */
export interface ModuleRequest extends Located {
  readonly type: "linear" | "embedding" | "batch-norm" | "layer-norm" | "conv1d";
  /** What follows a linear or conv1d. @defaultValue "linear" */
  readonly activation?: ActivationDescription;
  /** Of the norms. @defaultValue 1e-5 */
  readonly epsilon?: number;
  /** conv1d. @defaultValue 1 */
  readonly stride?: number;
  /** conv1d. @defaultValue 1 */
  readonly dilation?: number;
  /** conv1d. @defaultValue 1 */
  readonly groups?: number;
  /** conv1d: rows of zeros on both sides, or before and after, or all before ("causal"). @defaultValue 0 */
  readonly padding?: number | readonly [before: number, after: number] | "causal";
}

/**
 * Layers of a model description, with the fields that they have there: activation, last, global-pool, pool, reverse
 * without tensors; scale, dense, rnn, lstm, gru, lmu, convolution with tensors named by our roles.
 */
export interface NativeRequest extends Located {
  readonly type: Exclude<LayerType, ModuleRequest["type"]>;
  readonly [field: string]: unknown;
}
