// Beside index.workerd.ts. See full.ts.
import { FULL_KINDS } from "./layers/full-kinds.js";
import type { Kinds } from "./layers/kinds.js";
import wasm from "./lmu-full.wasm";
import type { WasmModule } from "./runtime/kernel.js";

export { FULL_ACTIVATIONS as activations } from "./layers/full-activations.js";
export { Int8Matrix } from "./plan/int8-matrix.js";
export { planner } from "./prefill/planner.js";

/** lmu-full.wasm. */
export const module = (): WasmModule => wasm;

/** The kinds of layer that lmu.wasm does not have. */
export const kinds: Kinds = FULL_KINDS;
