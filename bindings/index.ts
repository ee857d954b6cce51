/**
 * Run Legendre Memory Unit models: load a file, run sequences, stream signals.
 *
 * @module lmu-wasm
 */
import { type Load, loadWith } from "./model/load.js";
import { inlined } from "./runtime/inline.js";
import { wasmHex } from "./runtime/wasm-hex.js";

export * from "./api.js";

/**
 * Loads a model of any supported format, found out by its bytes: native or PyTorch safetensors, .keras, HDF5, PyTorch
 * (.pt, .pth), .npz.
 *
 * @example
 * ```ts
 * import { load } from "lmu-wasm";
 *
 * const model = await load("models/mackey-glass.safetensors");
 * console.log(model.run([0.1, 0.2, 0.3]).length); // 3
 * ```
 *
 * @function
 * @param source - path (Node, Deno, Bun), URL, Request, Response, Blob, ArrayBuffer, typed array, ReadableStream, or a
 *   promise of one; for a model of several files a folder (a path, or a URL ending in "/"), or sources by file name
 * @param options - how to read it
 * @returns the model, with its weights in wasm memory of its own
 * @throws LmuError source-unreadable, source-too-large, format-unknown, format-invalid, layer-unsupported, option-unsupported,
 *   description-invalid, tensor-missing, tensor-invalid, model-too-large or wasm-unavailable; nothing is left behind
 * @throws the reason of options.signal, unchanged; what a promise given as source rejects with, unchanged
 * @throws TypeError if source is of another kind, an option unknown or of the wrong kind; RangeError if options.maxBytes is no
 *   positive integer
 */
export const load: Load = loadWith(
  inlined(() => wasmHex),
  () => import("./full.js"),
);
