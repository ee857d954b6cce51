/**
 * What models need that have more than chains of LMUs, RNNs and what mostly stands beside them: branches, convolutions, pooling,
 * attention, positions, less common activations, weights of 8 bits; and what takes many samples at once. The main entry imports it by itself; for
 * the option `full` of `load`.
 *
 * @module lmu-wasm/full
 */
import { FULL_KINDS } from "./layers/full-kinds.js";
import type { Kinds } from "./layers/kinds.js";
import { inlined } from "./runtime/inline.js";
import type { WasmModule } from "./runtime/kernel.js";
import { wasmHex } from "./runtime/full-hex.js";

export { FULL_ACTIVATIONS as activations } from "./layers/full-activations.js";
export { Int8Matrix } from "./plan/int8-matrix.js";
export { planner } from "./prefill/planner.js";

/** lmu-full.wasm, compiled on first use. */
export const module: () => WasmModule = inlined(() => wasmHex);

/** The kinds of layer that lmu.wasm does not have. */
export const kinds: Kinds = FULL_KINDS;
