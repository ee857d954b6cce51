/*
 * What a compiled model offers its host (docs/compiled.md specifies it): a module of its own that holds one model and only
 * the functions that the model reaches. bindings/compile leaves out what is not reached, and gives the globals their values.
 */
export * from "./model";
export { push, room } from "./push";
export { latest, restore, save } from "./snapshot";
export { score } from "./score";
export { end, reset, run, step } from "./stream";

// What lmu.wasm exports stays functions here as well.
export * from "../full";
export { runLoop, runPrefill } from "../plan";
export { runActivation } from "../layers/activation";
export { runAttention } from "../layers/attention";
export { runConvolution } from "../layers/convolution";
export { runDelay } from "../layers/delay";
export { runDense } from "../layers/dense";
export { runEmbedding } from "../layers/embedding";
export { runGru } from "../layers/gru";
export { runLstm } from "../layers/lstm";
export { runMemory } from "../layers/memory";
export { runMemoryAttention } from "../layers/memory-attention";
export { runCopy, runMerge } from "../layers/merge";
export { runNorm } from "../layers/norm";
export { runGlobalPool, runPool } from "../layers/pool";
export { runPositions } from "../layers/positions";
export { runRnn } from "../layers/rnn";
export { runScale } from "../layers/scale";
export { runFlatten, runLast, runReverse } from "../layers/time";
