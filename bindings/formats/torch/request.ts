import type { ActivationDescription } from "../../activations.js";
import type { LayerType, MergeDescription } from "../../description.js";
import type { Discretization } from "../../legendre.js";

/**
 * One layer of a model whose file holds tensors alone: what it is, and where its tensors are.
 *
 * Sizes come from the shapes of the tensors. Activations go by the names of {@link ActivationDescription} or those of
 * torch.nn ("LeakyReLU", "hardtanh"), with PyTorch's defaults.
 *
 * @example
 * ```ts
 * import { load } from "lmu-wasm";
 *
 * const model = await load("model.pt", {
 *   layers: [
 *     { type: "pytorch-lmu", prefix: "lmu", returnsSequence: false },
 *     { type: "linear", prefix: "classifier" },
 *   ],
 * });
 * ```
 */
export type LayerRequest =
  LmuRequest | HippoRequest | FormerRequest | RecurrentRequest | ModuleRequest | NativeRequest;

interface Located {
  /**
   * What the names of the layer's tensors begin with: "lmu" for "lmu.W_x" or "lmu.cell.W_x". "module.", "model." and
   * "_orig_mod." before all names of a file may be left out. @defaultValue ""
   */
  readonly prefix?: string;
  /**
   * Tensors whose names in the file are others than the type's: `{ e_x: "arr_0", W_x: "arr_3" }`, with the prefix or
   * without it. Those left out keep their names, after the prefix. A name that the type has no tensor for is refused.
   */
  readonly tensors?: Readonly<Record<string, string>>;
  /** Name in the model. @defaultValue the prefix, or the type where there is none */
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
  /** The repository whose module it is. */
  readonly type: "pytorch-lmu" | "pytorch-lmufft" | "bjkomer-lmu" | "abdoujaouhar-lmu";
  /** Of the hidden state. @defaultValue "tanh"; "relu" for pytorch-lmufft */
  readonly activation?: ActivationDescription;
  /** Of the written value. @defaultValue "linear"; "relu" for pytorch-lmufft */
  readonly encoderActivation?: ActivationDescription;
  /** Whether the file holds Ā or Ā - I. @defaultValue found out from the matrices */
  readonly convention?: "A" | "A-I";
  /** Whether the matrix is stored for row vectors. @defaultValue found out from the matrices */
  readonly isTransposed?: boolean;
  /**
   * Window in steps, needed where the file has no matrices. @defaultValue found out from the matrices, which are kept when
   * they are those of no theta
   */
  readonly theta?: number;
}

/**
 * HiPPO and S4 memories without encoder or hidden state: each input channel has one, in the basis of the file. The output
 * is the memories, channel after channel: f32[channels · order] per step.
 */
export interface HippoRequest extends Sequential {
  /** HiPPO's LegT matrices, or the LMU's. */
  readonly type: "hippo-legt";
  /** Input channels, where no layer before it says. @defaultValue 1 */
  readonly channels?: number;
  /** What the file holds. @defaultValue found out from the matrices */
  readonly convention?: "A" | "A-I" | "continuous";
  /** Whether the matrix is stored for row vectors. @defaultValue found out, or false for continuous matrices */
  readonly isTransposed?: boolean;
  /** Rule for continuous matrices. @defaultValue "bilinear" */
  readonly discretizer?: Discretization;
  /** Window in steps, for continuous matrices. */
  readonly theta?: number;
  /** Step in the file's own unit of time, for continuous matrices, instead of theta. */
  readonly dt?: number;
}

/**
 * LMUFormer, the network without spikes (lmu_rnn_conv1d of zeyuliu1037/LMUFormer), of any number of convolutions and blocks:
 * one row per sequence, the head of the mean over time. A stream's answer is that of the frames so far, but the last ones
 * of look-ahead.
 */
export interface FormerRequest extends Located {
  /** All of the network. */
  readonly type: "lmuformer";
  /** Of its BatchNorms. @defaultValue 1e-5 */
  readonly epsilon?: number;
}

/** nn.LSTM, nn.GRU, nn.RNN of any number of layers, in one direction or both, and their cells. */
export interface RecurrentRequest extends Sequential {
  /** The module; its cell has the same type. */
  readonly type: "torch-lstm" | "torch-gru" | "torch-rnn";
  /** Of torch-rnn only: its nonlinearity. @defaultValue "tanh" */
  readonly activation?: ActivationDescription;
}

/**
 * Modules of torch.nn that stand between the others: Linear, Embedding (first only), BatchNorm1d, LayerNorm, PReLU, Conv1d over
 * time. What is no tensor is not in the file: state it. An option of another type of module is refused.
 */
export interface ModuleRequest extends Located {
  /** The module. */
  readonly type: "linear" | "embedding" | "batch-norm" | "layer-norm" | "conv1d" | "prelu";
  /** What follows a linear or conv1d. @defaultValue "linear" */
  readonly activation?: ActivationDescription;
  /** Of the norms. @defaultValue 1e-5 */
  readonly epsilon?: number;
  /** Of conv1d: steps from row to row. @defaultValue 1 */
  readonly stride?: number;
  /** Of conv1d: steps from tap to tap. @defaultValue 1 */
  readonly dilation?: number;
  /** Of conv1d: groups of features that do not mix. @defaultValue 1 */
  readonly groups?: number;
  /** Of conv1d: rows of zeros on both sides, or before and after, or all before ("causal"). @defaultValue 0 */
  readonly padding?: number | readonly [before: number, after: number] | "causal";
}

/**
 * Layers of the native format, with the fields that they have there: activation (`activation`), pool (`mode` "max" or
 * "mean", `size`, `stride`), global-pool (`mode`), last and reverse, which have no tensors; and scale, dense, rnn, lstm,
 * gru, lmu and convolution, whose tensors go by the names of the native format. Merges and flatten are no layers of a
 * chain.
 */
export interface NativeRequest extends Located {
  /** The type in the native format. */
  readonly type: Exclude<LayerType, ModuleRequest["type"] | MergeDescription["type"] | "flatten">;
  /** What the native format asks of that type. */
  readonly [field: string]: unknown;
}
