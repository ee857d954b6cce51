import type { Load } from "../../bindings/model/load.js";
import type { LoadOptions } from "../../bindings/model/load-options.js";
import type { Model } from "../../bindings/model/model.js";

/** What a file did. */
export interface Outcome {
  /** "loads", or the code of the refusal. */
  readonly how: string;
  /** What no file may do, if it did. */
  readonly fault?: string;
}

/** Floats and operations that one file may cost here; larger models are not run. */
const MAX_FLOATS = 1e6;
const MAX_WORK = 1e7;

/**
 * Loads a file from a stranger and runs the model: it is refused with an LmuError, or it runs, and stream and sequence
 * give the same bits.
 *
 * @param hasSoundWeights - then NaN is a fault, too; wild weights may overflow, as the docs say
 */
export async function check(
  load: Load,
  bytes: Uint8Array,
  options: LoadOptions,
  hasSoundWeights = false,
): Promise<Outcome> {
  try {
    const model = await load(bytes.slice(), options);
    const fault = faultOf(model, hasSoundWeights);
    model.dispose();
    return { how: "loads", ...(fault !== undefined && { fault }) };
  } catch (error) {
    const { code, stack } = error as { code?: string; stack?: string };
    if ((error as Error)?.name === "LmuError" && code) return { how: code };
    return { how: "throws", fault: `throws ${stack ?? String(error)}` };
  }
}

function faultOf(model: Model, hasSoundWeights: boolean): string | undefined {
  const { steps = 70, multiplyAdds, stateBytes, notStreamable, vocabulary } = model.report();
  const { inputSize, outputSize } = model;
  if (steps * (inputSize + outputSize + multiplyAdds / 10) + stateBytes / 4 > MAX_FLOATS) return;
  if (steps * multiplyAdds > MAX_WORK) return;
  const input = Float32Array.from({ length: inputSize * steps }, (_, i) =>
    vocabulary === undefined ? Math.sin(1.7 * i) : i % vocabulary,
  );
  let whole: Float32Array;
  try {
    whole = model.run(input);
  } catch (error) {
    if (isTooShort(error)) return;
    throw error;
  }
  const isFinite = whole.every(Number.isFinite);
  if (hasSoundWeights && whole.some(Number.isNaN))
    return "gives NaN, with the weights of a sound model";
  if (notStreamable !== undefined || !isFinite) return;
  const stream = model.stream();
  const cut = Math.floor(steps / 3) * inputSize;
  const parts = [...stream.push(input.subarray(0, cut)), ...stream.push(input.subarray(cut))];
  const rest = stream.end();
  const streamed = model.returnsSequence ? Float32Array.from([...parts, ...rest]) : rest;
  stream.reset();
  for (let t = 0; t < Math.min(3, steps); t++)
    stream.step(input.subarray(t * inputSize, (t + 1) * inputSize));
  const same =
    streamed.length === whole.length && streamed.every((value, i) => Object.is(value, whole[i]));
  return same ? undefined : "gives other bits as a stream";
}

/** What run and load say of a model that reads more steps at once than there are here. */
function isTooShort(error: unknown): boolean {
  const { name, message } = error as Error;
  return (
    name === "LmuError" || (name === "RangeError" && message.includes("too few for one output"))
  );
}
