import { attention } from "./attention.js";
import { convolution } from "./convolution.js";
import { globalPool } from "./global-pool.js";
import { memoryAttention } from "./memory-attention.js";
import { pool } from "./pool.js";
import { positions } from "./positions.js";
import { segments } from "./segments.js";

/** The kinds that lmu-full.wasm has besides, by their type in a description. */
export const FULL_KINDS = {
  convolution,
  pool,
  "global-pool": globalPool,
  positions,
  attention,
  "memory-attention": memoryAttention,
  segments,
};
