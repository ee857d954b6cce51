import type { Exports } from "./exports.js";
import type { WasmModule } from "./kernel.js";

const PAGE = 65536;

/**
 * The functions of a new instance of lmu.wasm, and its memory.
 *
 * @throws WebAssembly.LinkError, RangeError, TypeError if it is no module, has imports, or there is no memory for it
 */
export function instantiate(module: WasmModule): Exports {
  return new WebAssembly.Instance(module as WebAssembly.Module).exports as unknown as Exports;
}

/**
 * Makes the memory at least so many bytes large. A larger one has another buffer; views of the old one are empty.
 *
 * @throws RangeError if the engine has no more to give; then nothing has changed
 */
export function grow({ memory }: Exports, bytes: number): void {
  const missing = Math.ceil((bytes - memory.buffer.byteLength) / PAGE);
  if (missing > 0) memory.grow(missing);
}
