import { readFileSync } from "node:fs";
import { instantiateSync } from "@assemblyscript/loader";
import type { FullExports } from "../../bindings/runtime/exports.js";

/** A wasm file of the last build: of the release, unless the tests run on the debug build. */
const built = (name: string) =>
  new URL(`../../${process.env["LMU_WASM"] ?? `build/${name}`}`, import.meta.url);

export const WASM_PATH: URL = built("lmu.wasm");
export const FULL_PATH: URL = built("lmu-full.wasm");

/** Raw kernels through @assemblyscript/loader, the way people who want nothing else load them. */
export function loadKernels(): FullExports {
  return instantiateSync(readFileSync(FULL_PATH)).exports as unknown as FullExports;
}

/** Hands out places in the memory of a kernel, one after another. */
export class Arena {
  readonly kernel: FullExports;
  #next: number;

  constructor(kernel: FullExports = loadKernels()) {
    this.kernel = kernel;
    this.#next = kernel.heapBase();
  }

  /** Address of count floats, zeroed, 16 bytes aligned. */
  floats(count: number): number {
    const at = this.#next;
    this.#next += Math.ceil(count / 4) * 16;
    const { memory } = this.kernel;
    const missing = Math.ceil((this.#next + 64 - memory.buffer.byteLength) / 65536);
    if (missing > 0) memory.grow(missing);
    this.view(at, count).fill(0);
    return at;
  }

  /** Address of a copy of values. */
  copy(values: ArrayLike<number>): number {
    const at = this.floats(values.length);
    this.view(at, values.length).set(values);
    return at;
  }

  view(at: number, count: number): Float32Array {
    return new Float32Array(this.kernel.memory.buffer, at, count);
  }
}
