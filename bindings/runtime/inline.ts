import { LmuError } from "../errors.js";
import { bytesOfHex } from "./hex.js";
import type { WasmModule } from "./kernel.js";

/**
 * A wasm file from bytes inside this package, compiled on first use and then kept.
 *
 * @param hex - gives the bytes as hexadecimal text, which in bundles stands behind the code
 */
export function inlined(hex: () => string): () => WasmModule {
  let compiled: WebAssembly.Module | undefined;
  return () => (compiled ??= compile(hex()));
}

function compile(hex: string): WebAssembly.Module {
  if (typeof WebAssembly !== "object") {
    throw new LmuError("wasm-unavailable", "Cannot start: this engine has no WebAssembly");
  }
  try {
    return new WebAssembly.Module(bytesOfHex(hex));
  } catch (cause) {
    throw new LmuError(
      "wasm-unavailable",
      "Cannot compile lmu.wasm: the engine lacks fixed-width SIMD, or a content security policy without " +
        "'wasm-unsafe-eval' forbids it; pass a compiled module as the option wasm",
      { cause },
    );
  }
}
