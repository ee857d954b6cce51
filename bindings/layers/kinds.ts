import { activation } from "./activation.js";
import { attention } from "./attention.js";
import { combine } from "./combine.js";
import { concatenate } from "./concatenate.js";
import { convolution } from "./convolution.js";
import { dense } from "./dense.js";
import { embedding } from "./embedding.js";
import { flatten } from "./flatten.js";
import { globalPool } from "./global-pool.js";
import type { Kind } from "./kind.js";
import { last } from "./last.js";
import { layerNorm } from "./layer-norm.js";
import { lmu } from "./lmu.js";
import { memoryAttention } from "./memory-attention.js";
import { pool } from "./pool.js";
import { positions } from "./positions.js";
import { gru, lstm, rnn } from "./recurrent.js";
import { reverse } from "./reverse.js";
import { scale } from "./scale.js";
import { slice } from "./slice.js";

/** Every kind of layer, by its type in a description. */
export const KINDS = {
  lmu,
  dense,
  rnn,
  lstm,
  gru,
  activation,
  scale,
  "layer-norm": layerNorm,
  embedding,
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
  last,
  reverse,
  flatten,
  positions,
  attention,
  "memory-attention": memoryAttention,
};

/** What kinds have for a description. */
type DescriptionOf<K> = K extends Kind<infer D> ? D : never;

/** A description of any kind. */
export type OneLayer = DescriptionOf<(typeof KINDS)[keyof typeof KINDS]>;
