/**
 * Which edition is compiled, a constant that asconfig.json sets: 0 for lmu.wasm, 1 for lmu-full.wasm, which has what models
 * of LMUs and RNNs alone never need. What stands behind `if (FULL)` is not in the other.
 */
declare const FULL: bool;

/** Whether weights may be integers of 8 bits: 1 for lmu-full.wasm alone. */
declare const INT8: bool;
