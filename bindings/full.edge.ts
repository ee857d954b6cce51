// Beside index.edge.ts. See full.ts.
import wasm from "./lmu-full.wasm?module";
import type { WasmModule } from "./runtime/kernel.js";

export { FULL_ACTIVATIONS as activations } from "./layers/full-activations.js";
export { FULL_KINDS as kinds } from "./layers/full-kinds.js";
export { Int8Matrix } from "./plan/int8-matrix.js";
export { planner } from "./prefill/planner.js";

/** lmu-full.wasm. */
export const module = (): WasmModule => wasm;
