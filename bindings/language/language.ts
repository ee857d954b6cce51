/**
 * Language models: tokens in, tokens out; texts that are written on, and how well a text is foretold.
 *
 * @module lmu-wasm/language
 */
export { LmuError } from "../errors.js";
export type { Generation, Token } from "./generation.js";
export { LanguageModel, type LanguageModelOptions, type Prompt } from "./language-model.js";
export { languageLoss, memoryLoss, recallLoss, vicReg } from "./losses.js";
export type { GenerateOptions, GenerationOptions, SamplingOptions } from "./options.js";
export type { Perplexity, PerplexityOptions } from "./perplexity.js";
export { type Segment, type SegmentOptions, segmentsOf } from "./segments.js";
export { BYTES, type Encoding, type Tokenizer } from "./tokenizer.js";
