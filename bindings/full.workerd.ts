// Beside index.workerd.ts. See full.ts.
import wasm from "./lmu-full.wasm";
import type { WasmModule } from "./runtime/kernel.js";

export * from "./full.parts.js";

/** lmu-full.wasm. */
export const module = (): WasmModule => wasm;
