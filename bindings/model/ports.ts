import type { Engine } from "./engine.js";
import { expectLength, LmuError } from "../errors.js";

/**
 * Numbers a caller may pass: one sample, a chunk, a batch; for token models, ids. Read during the call, never kept or
 * changed; finite, and rounded to f32.
 */
export type Samples = Float32Array | Float64Array | Int32Array | readonly number[];

/**
 * Checks a caller's samples before anything changes.
 *
 * @throws TypeError if they are no array of numbers; LmuError input-invalid if one is not finite, or no id
 */
export function checkSamples(engine: Engine, action: string, samples: Samples): void {
  if (!Array.isArray(samples) && !(ArrayBuffer.isView(samples) && "length" in samples)) {
    throw new TypeError(
      `Cannot ${action}: input is ${typeOf(samples)}, expected an array of numbers`,
    );
  }
  const { vocabulary } = engine.plan.input;
  for (let i = 0; i < samples.length; i++) {
    const value = samples[i]!;
    // x - x is 0 for finite numbers alone; rounding to f32 may overflow. null, JSON's NaN, would count as 0.
    if (
      typeof value !== "number" ||
      (vocabulary === undefined
        ? Math.fround(value) - Math.fround(value) !== 0
        : !isId(value, vocabulary))
    ) {
      refuse(action, value, i, vocabulary);
    }
  }
}

function isId(value: number, vocabulary: number): boolean {
  return value >= 0 && value < vocabulary && Number.isInteger(value);
}

function refuse(
  action: string,
  value: unknown,
  index: number,
  vocabulary: number | undefined,
): never {
  if (typeof value !== "number") {
    throw new TypeError(`Cannot ${action}: input[${index}] is ${typeOf(value)}, expected a number`);
  }
  const expected =
    vocabulary === undefined ? "a finite 32-bit float" : `a token id from 0 to ${vocabulary - 1}`;
  throw new LmuError(
    "input-invalid",
    `Cannot ${action}: input[${index}] is ${value}, expected ${expected}`,
  );
}

/** @throws TypeError, RangeError unless output is a Float32Array of the wanted length */
export function checkOutput(action: string, output: Float32Array, wanted: number): void {
  if (!(output instanceof Float32Array)) {
    throw new TypeError(`Cannot ${action}: output is ${typeOf(output)}, expected a Float32Array`);
  }
  expectLength(action, "output", output.length, wanted);
}

function typeOf(value: unknown): string {
  return value === null
    ? "null"
    : typeof value === "object"
      ? (value.constructor?.name ?? "object")
      : typeof value;
}

/** Copies width samples from index on into the input row; ids as integers. */
export function writeRow(engine: Engine, row: number, samples: Samples, index: number): void {
  const { at, stride, width, vocabulary } = engine.plan.input;
  const first = (at + row * stride) / 4;
  if (vocabulary !== undefined) {
    engine.integers[first] = samples[index]!;
    return;
  }
  const { floats } = engine;
  for (let i = 0; i < width; i++) floats[first + i] = samples[index + i]!;
}

/** Copies the output row to index on. */
export function readRow(engine: Engine, row: number, output: Float32Array, index: number): void {
  const { at, stride, width } = engine.plan.output;
  const first = (at + row * stride) / 4;
  const { floats } = engine;
  for (let i = 0; i < width; i++) output[index + i] = floats[first + i]!;
}
