import { attention } from "./attention.js";
import { memoryAttention } from "./memory-attention.js";
import { positions } from "./positions.js";
import { segments } from "./segments.js";

/** The kinds that lmu-full.wasm has besides, by their type in a description. */
export const FULL_KINDS = {
  positions,
  attention,
  "memory-attention": memoryAttention,
  segments,
};
