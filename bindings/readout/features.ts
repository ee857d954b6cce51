/** What a {@link lmu-wasm!Stream | Stream} lets its readers copy. */
export interface Remembering {
  /** Copies a layer's memory. */
  memory(layer: string | number, options?: { output?: Float32Array }): Float32Array;
  /** Copies a layer's hidden state. */
  hidden(layer: string | number, output?: Float32Array): Float32Array;
}

/** Options of {@link featuresOf}. */
export interface FeatureOptions {
  /** What of the layer is read. @defaultValue "memory" */
  state?: "memory" | "hidden" | undefined;
}

/**
 * A layer's state as features: a function that reads it as it is now, into one array which every call fills again.
 *
 * @example
 * ```ts
 * import { load } from "lmu-wasm";
 * import { featuresOf, Readout } from "lmu-wasm/readout";
 *
 * const model = await load("models/mackey-glass.safetensors");
 * const stream = model.stream();
 * const features = featuresOf(stream, "lmu_0");
 * const readout = new Readout({ features: features().length });
 * for (const sample of [0.1, 0.2, 0.3]) {
 *   readout.update(features(), sample); // what came before says what comes
 *   stream.step(sample);
 * }
 * console.log(readout.samples); // 3
 * ```
 *
 * @param stream - a stream of the main entry
 * @param layer - name or place of the layer, as in its report
 * @param options - memory or hidden state
 * @returns f32, [channels · order] of the memory in the LMU's basis, or [units]
 * @throws RangeError if there is no such layer or state
 */
export function featuresOf(
  stream: Remembering,
  layer: string | number,
  { state = "memory" }: FeatureOptions = {},
): () => Float32Array {
  if (state === "hidden") {
    const output = stream.hidden(layer);
    return () => stream.hidden(layer, output);
  }
  const output = stream.memory(layer);
  return () => stream.memory(layer, { output });
}
