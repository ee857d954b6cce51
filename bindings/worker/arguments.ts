import { expectLength } from "../errors.js";
import {
  copySamples,
  expectSamples,
  type Floats,
  isShared,
  type Numbers,
  type Samples,
} from "../model/ports.js";

/** Samples as they are sent, and the buffer that goes along without another copy. */
interface SentSamples {
  readonly input: Numbers | number | undefined;
  readonly transfer: readonly ArrayBuffer[];
}

/**
 * Copies samples for the worker, or gives them away. The worker checks them; what may hold anything, and could not be sent,
 * is checked here.
 *
 * @param isGiven - the caller's array is to be sent itself, if it can be
 * @throws TypeError, LmuError input-invalid as the main entry does
 */
export function sendSamples(
  action: string,
  samples: Samples | number | undefined,
  vocabulary: number | undefined,
  isGiven = false,
): SentSamples {
  if (typeof samples === "number" || samples === undefined) return { input: samples, transfer: [] };
  expectSamples(action, samples);
  const input = ownSamples(action, samples, vocabulary, isGiven);
  return { input, transfer: [input.buffer as ArrayBuffer] };
}

function ownSamples(
  action: string,
  samples: Samples,
  vocabulary: number | undefined,
  isGiven: boolean,
): Numbers {
  if (!("buffer" in samples)) return copySamples(action, samples, vocabulary);
  // An array that has been transferred before is empty, and cannot be sent or copied.
  if (samples.length === 0) return new Float32Array(0);
  return isGiven && !isShared(samples.buffer) ? samples : samples.slice();
}

/**
 * The outputs, in the caller's array if he has one.
 *
 * @throws RangeError if he has transferred it meanwhile
 */
export function receiveOutput<Output extends Float32Array>(
  action: string,
  result: Floats,
  output: Output | undefined,
): Output {
  if (!output) return result as Float32Array as Output;
  expectLength(action, "output", output.length, result.length);
  output.set(result);
  return output;
}
