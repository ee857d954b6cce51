import type { Importer, Output } from "../importer.js";
import type { KerasLayer } from "./config.js";
import type { Fields } from "./fields.js";
import type { LayerWeights } from "./layer-weights.js";

/** One call of a layer. */
export interface LayerCall {
  readonly layer: KerasLayer;
  readonly weights: LayerWeights;
  readonly inputs: readonly Output[];
  readonly importer: Importer;
  /** Major version of Keras that wrote the file. */
  readonly kerasVersion: number;
}

/** The same, to the reader of the layer's class. */
export interface Call extends LayerCall {
  readonly fields: Fields;
}

/** Imports a layer of one input. `importLayer` imports the layers inside it. */
export type Import = (call: Call, x: Output, importLayer: (call: LayerCall) => Output) => Output;
