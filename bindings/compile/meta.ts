/** Version of the interface of compiled models: additions keep it. */
export const ABI = 1;

/** What a compiled model says of itself, in its section "lmu": JSON. */
export interface Meta {
  /** Version of the interface. */
  readonly abi: number;
  /** Version of the package that compiled it. */
  readonly version: string;
  /** What tells the model from others, as snapshots have it: 16 hexadecimal digits. */
  readonly fingerprint: string;
  /** Format of the file it was compiled from. */
  readonly format: string;
  /** Features of one sample; 1 for token ids. */
  readonly inputSize: number;
  /** Features of one output row. */
  readonly outputSize: number;
  /** Whether it gives a row per step, or the last output alone. */
  readonly returnsSequence: boolean;
  /** Samples by which outputs are late. */
  readonly lookAhead: number;
  /** Number of token ids, for models that read tokens. */
  readonly vocabulary?: number;
  /** Samples that a sequence may have at most, if there is a bound. */
  readonly maxSteps?: number;
  /** Names of its layers, in the order in which they run. */
  readonly names: readonly string[];
  /** Names of the outputs, one each, if whoever compiled it gave them. */
  readonly labels?: readonly string[];
}

/**
 * Declarations of a compiled model for TypeScript (`allowArbitraryExtensions`), with its sizes as literals.
 *
 * @returns the text of model.d.wasm.ts
 */
export function typesOf(meta: Meta): string {
  const fields = Object.entries(meta).map(
    ([name, value]) =>
      `  readonly ${name}: ${Array.isArray(value) ? "readonly " : ""}${JSON.stringify(value)};\n`,
  );
  return `import type { Meta } from "lmu-wasm/compiled";

/** What the model says of itself. */
export interface ModelMeta extends Meta {
${fields.join("")}}

/** The compiled WebAssembly.Module, where bundlers and hosts make one of an import: \`load<ModelMeta>(module)\`. */
declare const module: object;
export default module;
`;
}
