import type { Importer, Output } from "../importer.js";
import type { Weights } from "../torch/tensors.js";
import type { Config } from "./config.js";

/** A network that a configuration tells of, with one name for each of its tensors. */
export interface Network {
  /** For people. */
  readonly name: string;
  /** Nothing is made of elements, only of tensors and views of them. */
  readonly isOfViews?: boolean;
  /** Adds its layers; gives the logits, and how many tokens there are. */
  import(
    config: Config,
    weights: Weights,
    importer: Importer,
  ): { vocabulary: number; output: Output };
}
