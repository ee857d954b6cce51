import type { Importer, Output } from "../importer.js";
import type { Fields, KerasLayer } from "./config.js";
import type { LayerWeights } from "./layer-weights.js";

/** One call of a layer. */
export interface Call {
  readonly layer: KerasLayer;
  readonly fields: Fields;
  readonly weights: LayerWeights;
  readonly inputs: readonly Output[];
  readonly importer: Importer;
}

/** Imports a layer of one input. `importLayer` imports the layers inside it. */
export type Import = (call: Call, x: Output, importLayer: (call: Call) => Output) => Output;
