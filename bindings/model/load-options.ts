import { brief, expectInteger, expectOptions, outOfRange } from "../errors.js";
import type { FormatOptions } from "../formats/read.js";
import type { Full } from "./edition.js";
import type { WasmModule } from "../runtime/kernel.js";

/** Options of load. */
export interface LoadOptions extends FormatOptions {
  /**
   * How weights are held and multiplied: "int8" takes a quarter of the memory, and is two to three times as fast from 512 features on; outputs
   * are then near those of f32 (docs/numbers.md). @defaultValue "f32"
   */
  weights?: "f32" | "int8" | undefined;
  /**
   * lmu.wasm of this version, compiled by the caller: where compiling is the host's business, or a page's policy forbids
   * it. Without it the bytes inside this package are compiled, once. lmu-full.wasm, which runs all models, for those
   * that need it.
   */
  wasm?: WasmModule | undefined;
  /**
   * What `lmu-wasm/full` exports, where there is no `import()` (service workers, audio worklets): `import * as full from
   * "lmu-wasm/full"`. Elsewhere it is imported when a model has branches, convolutions, attention or a less common activation, or weights
   * in int8.
   */
  full?: Full | undefined;
  /**
   * "parallel": memories of LMUs take many samples at once where `run` and `push` bring many, within 1e-5 of the largest output.
   * Imports `lmu-wasm/full`, and computes tables for it: docs/prefill.md. @defaultValue "exact"
   */
  prefill?: "exact" | "parallel" | undefined;
}

/** What each option of load must be. */
const KINDS: Readonly<Record<keyof LoadOptions, string>> = {
  signal: "AbortSignal",
  onProgress: "function",
  maxBytes: "number",
  config: "object or string",
  layers: "array",
  wasm: "object",
  full: "object",
  prefill: "string",
  weights: "string",
};

/** Of some there are two, the first of which is the default. */
const CHOICES: Readonly<Record<"prefill" | "weights", readonly string[]>> = {
  prefill: ["exact", "parallel"],
  weights: ["f32", "int8"],
};

/**
 * Checks the options of load before anything is opened. An option that is undefined is not given.
 *
 * @param more - names of further options, which the caller checks
 * @throws TypeError for an unknown option, or a value of another kind; RangeError for a maxBytes that counts no bytes
 */
export function checkLoadOptions(options: LoadOptions, ...more: readonly string[]): void {
  const action = "load the model";
  expectOptions(action, options, [...Object.keys(KINDS), ...more]);
  for (const [name, kind] of Object.entries(KINDS) as [keyof LoadOptions, string][]) {
    const value: unknown = options[name];
    if (value === undefined || kind.includes(kindOf(value))) continue;
    throw new TypeError(`Cannot ${action}: ${name} is ${brief(value)}, expected ${kind}`);
  }
  const { maxBytes } = options;
  for (const [name, choices] of Object.entries(CHOICES)) {
    const value = options[name as keyof typeof CHOICES] ?? choices[0]!;
    if (!choices.includes(value)) outOfRange(action, name, brief(value), choices.join(" or "));
  }
  if (maxBytes !== undefined) expectInteger(action, "maxBytes", maxBytes, 1);
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value === "object" && "throwIfAborted" in value ? "AbortSignal" : typeof value;
}
