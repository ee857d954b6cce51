/**
 * Linear readouts that learn while a signal streams: ridge regression and recursive least squares, on any features.
 *
 * @module lmu-wasm/readout
 */
import { expectLength, LmuError, typeOf } from "../errors.js";
import { printable } from "../inspect.js";
import type { Bytes } from "../model/ports.js";
import { fillTriangle, readReadout, writeReadout } from "./bytes.js";
import { type ReadoutOptions, settingsOf } from "./options.js";
import { Triangle } from "./triangle.js";
import { type Numbers, numbersOf, refuse, type Results, type Values, vectorOf } from "./values.js";

export { LmuError, type LmuErrorCode } from "../errors.js";
export type { Bytes };
export { type FeatureOptions, featuresOf, type Remembering } from "./features.js";
export type { ReadoutOptions } from "./options.js";
export type { Results, Values } from "./values.js";

/**
 * A linear readout, y ≈ W x + b: the least squares of all samples seen,
 *
 * Σ λⁿ⁻ⁱ |yᵢ - W xᵢ - b|² + ridge |W|²,
 *
 * in closed form. However samples come, at once or one by one, the answer is the same: there is no rate of learning, and no
 * first guess to get away from. All in f64.
 *
 * A sample takes some 3 (features + 1)² operations, the first prediction after it half as many squares, the next ones
 * a product with the weights.
 */
export class Readout {
  /** Numbers that a prediction is made from. */
  readonly features: number;
  /** Numbers that are predicted. */
  readonly targets: number;
  /** Whether there is a constant. */
  readonly intercept: boolean;
  /** Penalty on the squares of the weights. */
  readonly ridge: number;
  /** What a sample counts with each one that follows. */
  readonly forgetting: number;
  #samples = 0;
  #triangle: Triangle;
  /** Weights and constant, f64[targets][size], if they are solved. */
  readonly #weights: Float64Array;
  #isSolved = false;
  /** Memory for (x, 1, y), and what a triangle says of it. */
  readonly #row: Float64Array;
  /** Memory for results. */
  readonly #predicted: Float64Array;
  readonly #errors: Float64Array;
  /** What a diagonal of R must take in when all have waited their turn, for ridge not to be forgotten. */
  readonly #renewal: number;

  static {
    printable(Readout, "Readout", ({ features, targets, samples }) => ({
      features,
      targets,
      samples,
    }));
  }

  /**
   * A readout that has seen nothing, and predicts zeros.
   *
   * @param options - sizes, ridge, forgetting; it takes 8 (features + 1) (features + 1 + targets) bytes
   * @throws TypeError, RangeError if an option is unknown, of the wrong kind or out of range
   */
  constructor(options: ReadoutOptions) {
    const settings = settingsOf("make the readout", options);
    const { features, targets, ridge, forgetting } = settings;
    [this.features, this.targets, this.intercept] = [features, targets, settings.intercept];
    [this.ridge, this.forgetting] = [ridge, forgetting];
    let kept = 1;
    for (let i = 0; i < features; i++) kept *= forgetting;
    this.#renewal = Math.sqrt(ridge * (1 - kept));
    this.#triangle = this.#start();
    this.#weights = new Float64Array(targets * this.#size);
    this.#row = new Float64Array(this.#size + targets + 1);
    this.#predicted = new Float64Array(targets);
    this.#errors = new Float64Array(targets);
  }

  /** Samples learned from, since the last {@link Readout.fit} began or {@link Readout.reset}. */
  get samples(): number {
    return this.#samples;
  }

  /**
   * Learns from many samples at once and forgets whatever came before: ridge regression in closed form. What comes
   * afterwards, by {@link Readout.update}, adds to it.
   *
   * @param features - [samples, features], row by row
   * @param targets - [samples, targets], row by row
   * @throws TypeError, RangeError if an argument is of the wrong kind or length; LmuError input-invalid if a value is not
   *   finite in f32: then nothing has changed
   */
  fit(features: Values, targets: Values): void {
    const action = "fit the readout";
    const x = numbersOf(action, "features", features);
    const samples = x.length / this.features;
    if (!Number.isInteger(samples) || samples < 1) {
      throw new RangeError(
        `Cannot ${action}: features has ${x.length} values, expected samples × ${this.features}`,
      );
    }
    const y = vectorOf(action, "targets", targets, samples * this.targets);
    const triangle = this.#start();
    for (let i = 0; i < samples; i++) {
      this.#write(action, x, i * this.features, y, i * this.targets);
      this.#learn(triangle, i);
    }
    this.#triangle = triangle;
    this.#samples = samples;
    this.#isSolved = false;
  }

  /**
   * Learns from one sample: recursive least squares. Makes no array, but copies of arguments that are plain ones.
   *
   * @param features - what a prediction would have been made from
   * @param target - what should have been predicted: [targets], or the number itself when there is one
   * @param errors - receives f64[targets]; without it an array of the readout is returned, overwritten by every update
   * @returns how far target is above the prediction that would have been made before; NaN while, without
   *   ridge, samples have not told the weights apart
   * @throws TypeError, RangeError if an argument is of the wrong kind or length; LmuError input-invalid if a value is not
   *   finite in f32: then nothing has changed
   */
  update<Output extends Results = Float64Array>(
    features: Values,
    target: Values | number,
    errors?: Output,
  ): Output {
    const action = "update the readout";
    const x = vectorOf(action, "features", features, this.features);
    const isOne = typeof target === "number";
    const y = isOne ? target : vectorOf(action, "target", target, this.targets);
    if (isOne) expectLength(action, "target", 1, this.targets);
    const result = outputOf(action, "errors", errors, this.#errors);
    this.#write(action, x, 0, y, 0);
    this.#learn(this.#triangle, this.#samples, result);
    this.#samples++;
    this.#isSolved = false;
    return result as Output;
  }

  /**
   * What the samples so far make of features. Makes no array, but a copy of features that are a plain one.
   *
   * @param features - [features]
   * @param output - receives [targets]; without it an array of the readout is returned, overwritten by every prediction
   * @throws TypeError, RangeError if an argument is of the wrong kind or length
   * @throws LmuError input-invalid if a value is not finite in f32; readout-singular if samples do not tell the weights apart
   */
  predict<Output extends Results = Float64Array>(features: Values, output?: Output): Output {
    const action = "predict";
    const x = vectorOf(action, "features", features, this.features);
    const result = outputOf(action, "output", output, this.#predicted);
    const weights = this.#solve(action);
    this.#write(action, x, 0);
    const size = this.#size;
    for (let t = 0; t < this.targets; t++) {
      let sum = 0;
      for (let i = 0; i < size; i++) sum += weights[t * size + i]! * this.#row[i]!;
      result[t] = sum;
    }
    return result as Output;
  }

  /**
   * The weights, each row with its constant behind it, if there is one.
   *
   * @returns a copy, f64[targets, features + 1], or f64[targets, features] without intercept
   * @throws LmuError readout-singular
   */
  get weights(): Float64Array {
    return this.#solve("solve the readout").slice();
  }

  /** Forgets everything. */
  reset(): void {
    this.#triangle = this.#start();
    this.#samples = 0;
    this.#isSolved = false;
  }

  /**
   * All that it has learned as bytes, for {@link Readout.restore} on any engine: 48, and 8 for each of
   * (features + 1) (features + 2 + 2 targets) / 2 numbers. docs/readouts.md has the layout.
   *
   * @returns a new array; equal readouts give equal bytes
   */
  save(): Bytes {
    return writeReadout(this, this.#samples, this.#triangle);
  }

  /**
   * A readout that goes on where another was saved, with the same bits.
   *
   * @param bytes - what {@link Readout.save} returned
   * @throws TypeError if it is no array of bytes; LmuError snapshot-invalid, snapshot-newer
   */
  static restore(bytes: Uint8Array | ArrayBuffer): Readout {
    const { settings, samples, numbers } = readReadout(bytes);
    const readout = new Readout(settings);
    readout.#samples = samples;
    fillTriangle(readout.#triangle, numbers);
    return readout;
  }

  /** Features, and the constant's. */
  get #size(): number {
    return this.features + Number(this.intercept);
  }

  #start(): Triangle {
    const [scale, diagonal] = [Math.sqrt(this.forgetting), Math.sqrt(this.ridge)];
    const start = (k: number) => (k < this.features ? diagonal : 0);
    return new Triangle(this.#size, this.targets, scale, start);
  }

  /** Writes a sample into the row: first, for what is checked then is what is used. */
  #write(action: string, x: Numbers, xAt: number, y?: Numbers | number, yAt = 0): void {
    const row = this.#row;
    const size = this.#size;
    for (let i = 0; i < this.features; i++) {
      const value = Math.fround((row[i] = x[xAt + i]!));
      // Not by a function: where it is not inlined, its argument is boxed. x - x is 0 for finite numbers alone.
      if (value - value !== 0) refuse(action, "features", xAt + i, row[i]!);
    }
    if (this.intercept) row[size - 1] = 1;
    for (let t = 0; y !== undefined && t < this.targets; t++) {
      const value = Math.fround((row[size + t] = typeof y === "number" ? y : y[yAt + t]!));
      if (value - value !== 0) refuse(action, "targets", yAt + t, row[size + t]!);
    }
  }

  /** Takes the row in, and says what the targets are above their predictions. */
  #learn(triangle: Triangle, samples: number, errors?: Results): void {
    const row = this.#row;
    const size = this.#size;
    // Whoever has seen nothing predicts zeros.
    for (let t = 0; errors && t < this.targets; t++) errors[t] = row[size + t]!;
    triangle.add(row);
    const cosines = row[row.length - 1]!;
    for (let t = 0; samples && errors && t < this.targets; t++) {
      errors[t] = cosines ? row[size + t]! / cosines : NaN;
    }
    if (this.#renewal) {
      // One diagonal after each sample: all of them each time would be as many rows.
      const k = samples % this.features;
      row.fill(0);
      row[k] = this.#renewal;
      triangle.add(row, k);
    }
  }

  /** @throws LmuError readout-singular */
  #solve(action: string): Float64Array {
    if (this.#isSolved) return this.#weights;
    if (this.#samples === 0) this.#weights.fill(0);
    else if (!this.#triangle.solve(this.#weights)) {
      throw new LmuError(
        "readout-singular",
        `Cannot ${action}: ${this.#samples} samples do not tell ${this.#size} weights apart, ` +
          `expected more of them, or a ridge above ${this.ridge}`,
      );
    }
    this.#isSolved = true;
    return this.#weights;
  }
}

/** The caller's array, checked, or the readout's own. */
function outputOf(action: string, name: string, output: Results | undefined, own: Float64Array) {
  if (output === undefined) return own;
  if (!(output instanceof Float32Array || output instanceof Float64Array)) {
    const got = `${name} is ${typeOf(output)}`;
    throw new TypeError(`Cannot ${action}: ${got}, expected a Float32Array or Float64Array`);
  }
  expectLength(action, name, output.length, own.length);
  return output;
}
