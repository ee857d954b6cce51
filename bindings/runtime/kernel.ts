/**
 * The raw kernels of lmu.wasm, by pointer, for people who want nothing else. Needs lmu.wasm, compiled: `lmu-wasm/lmu.wasm`;
 * or `lmu-wasm/lmu-full.wasm`, which has more.
 *
 * @module lmu-wasm/kernel
 */
import type { Exports } from "./exports.js";

export type { Exports, FullExports } from "./exports.js";

/**
 * `WebAssembly.Module` where the type exists, `object` elsewhere: Node's own types do not declare WebAssembly.
 */
export type WasmModule = typeof globalThis extends {
  WebAssembly: { Module: { prototype: infer M } };
}
  ? M
  : object;

const PAGE = 65536;

/**
 * One instance of lmu.wasm with its memory: the raw kernels by pointer, for people who want nothing else, and the only
 * place of this library that touches WebAssembly. Imports nothing and keeps no globals, so it loads in AudioWorklets.
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { Kernel } from "lmu-wasm/kernel";
 *
 * const bytes = await readFile(new URL(import.meta.resolve("lmu-wasm/lmu.wasm")));
 * const kernel = new Kernel(new WebAssembly.Module(bytes));
 * const at = kernel.heapBase;
 * kernel.floats(at, 4).set([-1, 0, 1, 2]);
 * kernel.exports.tanh(at, 4);
 * console.log(kernel.floats(at, 4).join(" ")); // -0.76… 0 0.76… 0.96…
 * ```
 */
export class Kernel<E extends Exports = Exports> {
  /** The functions of the module and its memory. */
  readonly exports: E;
  /** First free byte of memory, a multiple of 16: everything from here on is the caller's. */
  readonly heapBase: number;

  /**
   * Makes an instance, with memory of its own.
   *
   * @param module - lmu.wasm, compiled; lmu-full.wasm for a `Kernel<FullExports>`
   * @throws WebAssembly.LinkError, TypeError if it is another module
   */
  constructor(module: WasmModule) {
    const instance = new WebAssembly.Instance(module as WebAssembly.Module);
    this.exports = instance.exports as unknown as E;
    if (typeof this.exports.heapBase !== "function") {
      throw new TypeError("Cannot start: the module is not lmu.wasm");
    }
    this.heapBase = this.exports.heapBase();
  }

  /** Bytes of memory at present. */
  get bytes(): number {
    return this.exports.memory.buffer.byteLength;
  }

  /**
   * Makes the memory at least this large. Views made before may be detached: make them anew.
   *
   * @param bytes - wanted size of the whole memory, addresses 0 to bytes - 1
   * @returns false if the engine has no more memory to give; then nothing has changed
   */
  reserve(bytes: number): boolean {
    const missing = Math.ceil((bytes - this.bytes) / PAGE);
    if (missing <= 0) return true;
    try {
      return this.exports.memory.grow(missing) >= 0;
    } catch {
      return false;
    }
  }

  /**
   * A live view of floats; detached when the memory grows.
   *
   * @param at - byte address, a multiple of 4
   * @param count - number of floats
   * @throws RangeError if it is not a multiple of 4, or the memory ends before
   */
  floats(at: number, count: number): Float32Array {
    return new Float32Array(this.exports.memory.buffer, at, count);
  }

  /**
   * A live view of 32-bit words; detached when the memory grows.
   *
   * @param at - byte address, a multiple of 4
   * @param count - number of words
   * @throws RangeError if it is not a multiple of 4, or the memory ends before
   */
  words(at: number, count: number): Uint32Array {
    return new Uint32Array(this.exports.memory.buffer, at, count);
  }
}
