import { LmuError } from "../errors.js";
import { bytesOfHex } from "./hex.js";
import type { WasmModule } from "./kernel.js";
import { wasmHex } from "./wasm-hex.js";

let compiled: WebAssembly.Module | undefined;

/** lmu.wasm from the bytes inside this package, compiled on first use and then kept. */
export function inlineModule(): WasmModule {
  if (compiled) return compiled;
  if (typeof WebAssembly !== "object") {
    throw new LmuError("wasm-unavailable", "Cannot start: this engine has no WebAssembly");
  }
  try {
    compiled = new WebAssembly.Module(bytesOfHex(wasmHex));
  } catch (cause) {
    throw new LmuError(
      "wasm-unavailable",
      "Cannot compile lmu.wasm: the engine lacks fixed-width SIMD, or a content security policy without " +
        "'wasm-unsafe-eval' forbids it; pass a compiled module as the option wasm",
      { cause },
    );
  }
  return compiled;
}
