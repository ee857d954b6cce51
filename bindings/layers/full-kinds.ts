import { addActivations } from "../activations.js";
import { attention } from "./attention.js";
import { combine } from "./combine.js";
import { concatenate } from "./concatenate.js";
import { convolution } from "./convolution.js";
import { embedding } from "./embedding.js";
import { FULL_ACTIVATIONS } from "./full-activations.js";
import { flatten } from "./flatten.js";
import { globalPool } from "./global-pool.js";
import { layerNorm } from "./layer-norm.js";
import { memoryAttention } from "./memory-attention.js";
import { pool } from "./pool.js";
import { positions } from "./positions.js";
import { reverse } from "./reverse.js";
import { segments } from "./segments.js";
import { slice } from "./slice.js";

// Bundles have copies of their own of the activations that are known.
addActivations(FULL_ACTIVATIONS);

/** The kinds that lmu-full.wasm has besides, by their type in a description: what no chain of LMUs and RNNs needs. */
export const FULL_KINDS = {
  embedding,
  "layer-norm": layerNorm,
  reverse,
  flatten,
  convolution,
  pool,
  "global-pool": globalPool,
  add: combine,
  subtract: combine,
  multiply: combine,
  maximum: combine,
  minimum: combine,
  mean: combine,
  concatenate,
  slice,
  positions,
  attention,
  "memory-attention": memoryAttention,
  segments,
};
