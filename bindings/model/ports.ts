import { expectLength, LmuError, typeOf } from "../errors.js";

/**
 * Numbers a caller may pass: one sample, a chunk, a batch; for token models, ids. Read during the call, each one once, and
 * never kept; finite, and rounded to f32.
 */
export type Samples = Float32Array | Float64Array | Int32Array | readonly number[];

/** Samples whose elements are memory: reading them runs nobody's code. */
export type Numbers = Exclude<Samples, readonly number[]>;

/** A Float32Array in memory that no thread shares: Float32Array<ArrayBuffer>, which TypeScript knows from 5.7 on. */
export type Floats = ReturnType<typeof Float32Array.of>;

/** Typed arrays that hold samples. Elements of others are bytes or bits of something else as often as numbers. */
const KINDS: readonly unknown[] = ["Float32Array", "Float64Array", "Int32Array"];

/** @throws TypeError unless samples is one of the arrays that can hold them */
export function expectSamples(action: string, samples: unknown): asserts samples is Samples {
  if (samples instanceof Float32Array || Array.isArray(samples)) return;
  const isTyped = ArrayBuffer.isView(samples) && "length" in samples;
  // By name, for the arrays of a frame have classes of their own.
  if (isTyped && KINDS.includes((samples as Float32Array)[Symbol.toStringTag])) return;
  const hint = isTyped
    ? ` (${KINDS.join(", ")}): Float32Array.from(input), or of its bytes new Float32Array(input.buffer)`
    : "";
  throw new TypeError(
    `Cannot ${action}: input is ${typeOf(samples)}, expected an array of numbers${hint}`,
  );
}

/**
 * A caller's samples, checked, as they stay while they are used: his own array, or a copy where a getter, another thread
 * or the output could change it between the check and the use.
 *
 * @param output - what is written before all samples have been used
 * @throws TypeError if they are no array of numbers; LmuError input-invalid if one is not finite, or no id
 */
export function takeSamples(
  action: string,
  samples: Samples,
  vocabulary: number | undefined,
  output: Float32Array | undefined,
): Numbers {
  expectSamples(action, samples);
  if ("buffer" in samples) {
    const { buffer } = samples;
    if (!isShared(buffer) && output?.buffer !== buffer) {
      readSamples(action, samples, vocabulary);
      return samples;
    }
  }
  return copySamples(action, samples, vocabulary);
}

/** Whether other threads may write there. By name, for only isolated pages have the class. */
export function isShared(buffer: ArrayBufferLike): boolean {
  return buffer[Symbol.toStringTag] === "SharedArrayBuffer";
}

/** Checks samples while it copies them. @throws as {@link readSamples} */
export function copySamples(
  action: string,
  samples: Samples,
  vocabulary: number | undefined,
): Float64Array {
  const copy = new Float64Array(samples.length);
  readSamples(action, samples, vocabulary, copy);
  return copy;
}

/**
 * Checks samples, or as many as the copy can hold, reading each once.
 *
 * @throws TypeError if one is no number; LmuError input-invalid if one is not finite, or no id
 */
export function readSamples(
  action: string,
  samples: Samples,
  vocabulary: number | undefined,
  copy?: Float64Array,
): void {
  const { length } = copy ?? samples;
  for (let i = 0; i < length; i++) {
    const value = samples[i]!;
    // null, JSON's NaN, would count as 0. Floats not by a function: a call that is not inlined boxes each of them.
    const isFloat = typeof value === "number" && Math.fround(value) - Math.fround(value) === 0;
    if (!isFloat || (vocabulary !== undefined && !isSample(value, vocabulary))) {
      refuse(action, value, i, vocabulary);
    }
    if (copy) copy[i] = value;
  }
}

/**
 * One sample, checked while it is copied.
 *
 * @returns the copy
 * @throws as {@link readSamples}; RangeError if it has another length than the copy
 */
export function readSample(
  action: string,
  sample: Samples | number,
  vocabulary: number | undefined,
  copy: Float64Array,
): Float64Array {
  if (typeof sample === "number") sample = [sample];
  expectSamples(action, sample);
  expectLength(action, "input", sample.length, copy.length);
  readSamples(action, sample, vocabulary, copy);
  return copy;
}

/** Whether a number is finite in f32, or an id of the vocabulary. */
export function isSample(value: number, vocabulary: number | undefined): boolean {
  // x - x is 0 for finite numbers alone; rounding to f32 may overflow.
  return vocabulary === undefined
    ? Math.fround(value) - Math.fround(value) === 0
    : value >= 0 && value < vocabulary && Number.isInteger(value);
}

function refuse(
  action: string,
  value: unknown,
  index: number,
  vocabulary: number | undefined,
): never {
  if (typeof value !== "number") {
    const kind = `input[${index}] is ${typeOf(value)}`;
    const isRow = Array.isArray(value) || ArrayBuffer.isView(value);
    const hint = isRow ? ": input.flatMap((row) => [...row]) makes one array of rows" : "";
    throw new TypeError(`Cannot ${action}: ${kind}, expected a number${hint}`);
  }
  const expected =
    vocabulary === undefined ? "a finite 32-bit float" : `a token id from 0 to ${vocabulary - 1}`;
  throw new LmuError(
    "input-invalid",
    `Cannot ${action}: input[${index}] is ${value}, expected ${expected}`,
  );
}

/** Views of rows that stand one after another. @throws TypeError, RangeError unless outputs hold whole rows */
export function rowsOf<Outputs extends Float32Array>(outputs: Outputs, width: number): Outputs[] {
  const action = "divide the output into rows";
  expectOutput(action, outputs ?? null);
  const { length } = outputs;
  expectLength(action, "output", length, Math.ceil(length / width) * width);
  return Array.from(
    { length: length / width },
    (_, row) => outputs.subarray(row * width, (row + 1) * width) as Outputs,
  );
}

/** Uint8Array<ArrayBuffer>, likewise. */
export type Bytes = ReturnType<typeof Uint8Array.of>;

/**
 * A copy of saved bytes that nobody changes between check and use, and that stands at a multiple of 8.
 *
 * @throws TypeError unless it is an array of bytes
 */
export function copyBytes(action: string, given: unknown, name = "snapshot"): Bytes {
  if (given instanceof ArrayBuffer) given = new Uint8Array(given);
  if (ArrayBuffer.isView(given)) {
    const { buffer, byteOffset, byteLength } = given;
    return new Uint8Array(new Uint8Array(buffer, byteOffset, byteLength));
  }
  throw new TypeError(`Cannot ${action}: ${name} is ${typeOf(given)}, expected a Uint8Array`);
}

/** @throws TypeError unless output is a Float32Array, or not given */
export function expectOutput(action: string, output: unknown): void {
  if (output !== undefined && !(output instanceof Float32Array)) {
    throw new TypeError(`Cannot ${action}: output is ${typeOf(output)}, expected a Float32Array`);
  }
}

/** @throws TypeError, RangeError unless output is a Float32Array of the wanted length, or not given */
export function checkOutput(
  action: string,
  output: Float32Array | undefined,
  wanted: number,
): void {
  expectOutput(action, output);
  if (output !== undefined) expectLength(action, "output", output.length, wanted);
}
