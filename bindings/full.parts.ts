// What full.ts, full.edge.ts and full.workerd.ts have in common: all but where lmu-full.wasm comes from.
import { FULL_KINDS } from "./layers/full-kinds.js";
import type { Kinds } from "./layers/kinds.js";

export { FULL_ACTIVATIONS as activations } from "./layers/full-activations.js";
export { Int8Matrix } from "./plan/int8-matrix.js";
export { planner } from "./prefill/planner.js";

/** The kinds of layer that lmu.wasm does not have. */
export const kinds: Kinds = FULL_KINDS;
