/*
 * What models need that have other layers than LMUs, RNNs and what stands beside them: imported on demand by the main entry.
 */
import { inlined } from "./runtime/inline.js";
import { wasmHex } from "./runtime/full-hex.js";

export { FULL_KINDS as kinds } from "./layers/full-kinds.js";

/** lmu-full.wasm. */
export const module = inlined(() => wasmHex);
