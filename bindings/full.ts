/**
 * What models need that have more than chains of LMUs, RNNs and what mostly stands beside them: branches, convolutions, pooling,
 * attention, positions, less common activations, weights of 8 bits; and what takes many samples at once. The main entry imports it by itself; for
 * the option `full` of `load`.
 *
 * @module lmu-wasm/full
 */
import { inlined } from "./runtime/inline.js";
import type { WasmModule } from "./runtime/kernel.js";
import { wasmHex } from "./runtime/full-hex.js";

export * from "./full.parts.js";

/** lmu-full.wasm, compiled on first use. */
export const module: () => WasmModule = inlined(() => wasmHex);
