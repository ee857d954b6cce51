import type { ImageStream } from "../runtime/image.js";

/** Steps run in one go. */
const CHUNK = 128;

/** Frames in a row that must be finite before the next overflow is news. */
const CALM = 1000;

/**
 * Fits a stream of audio samples to the frames of a model: a frame is the newest `inputSize` samples, one every `hop`.
 *
 * What comes out, sample by sample: the model's own samples if it gives `hop` of them per frame; its value, held until
 * the next frame, if it gives one; else silence. Frames of one sample answer at once, samples of longer ones come out
 * `hop - 1` samples late.
 */
export class FrameAdapter {
  /** The last outputs: f32[outputSize], NaN before there are any. */
  readonly latest: Float32Array;
  /** Frames run since the beginning or the last reset. */
  frames = 0;

  readonly #stream: ImageStream;
  readonly #hop: number;
  /** Whether the outputs of a frame are the next samples. */
  readonly #isAudio: boolean;
  /** The samples of the next frame, as far as they are there. */
  readonly #samples: Float32Array;
  #filled = 0;
  readonly #outputs: Float32Array;
  /** Samples of the last outputs that have been played: a frame ends just when the one before it has been played. */
  #played = 0;
  #held = 0;
  readonly #onOverflow: () => void;
  #isOverflowing = false;

  /**
   * @param onOverflow - told when outputs cease to be finite, once for a run of such frames. The model begins anew then, and
   *   the frame is silent: its state would never recover
   */
  constructor(stream: ImageStream, hop: number, onOverflow: () => void) {
    const { inputSize, outputSize } = stream;
    this.#stream = stream;
    this.#hop = hop;
    this.#onOverflow = onOverflow;
    this.#isAudio = hop > 1 && outputSize === hop;
    this.latest = new Float32Array(outputSize);
    this.#samples = new Float32Array(inputSize);
    this.#outputs = new Float32Array((inputSize === 1 ? CHUNK : 1) * outputSize);
    this.#begin();
  }

  /** Returns to the beginning of a sequence. */
  reset(): void {
    this.#stream.reset();
    this.#begin();
  }

  /** Takes samples and fills as many; allocates nothing. Input and output may be the same array. */
  process(input: Float32Array, output: Float32Array): void {
    if (this.#hop > 1 || this.#stream.inputSize > 1) return this.#processFrames(input, output);
    for (let first = 0; first < input.length; first += CHUNK) {
      this.#processSamples(input, output, first, Math.min(CHUNK, input.length - first));
    }
  }

  #begin(): void {
    this.#samples.fill(0);
    // Before the first sample there was silence.
    this.#filled = this.#stream.inputSize - this.#hop;
    this.#played = this.#hop;
    this.#held = 0;
    this.latest.fill(NaN);
    this.frames = 0;
  }

  /** A frame per sample: many steps in one call. */
  #processSamples(input: Float32Array, output: Float32Array, first: number, count: number): void {
    const rows = this.#stream.run(input, first, count, this.#outputs);
    if (this.#overflows(rows)) return void output.fill(0, first, first + count);
    if (rows > 0) this.#keep(rows - 1);
    for (let i = 0; i < count; i++) {
      // With strides there are fewer rows than samples: what matters then is the value, not its place in the block.
      if (rows === count && this.#stream.outputSize === 1) this.#held = this.#outputs[i]!;
      output[first + i] = this.#held;
    }
    this.frames += count;
  }

  #processFrames(input: Float32Array, output: Float32Array): void {
    const samples = this.#samples;
    for (let i = 0; i < input.length; i++) {
      samples[this.#filled++] = input[i]!;
      if (this.#filled === samples.length) this.#runFrame();
      output[i] = this.#isAudio ? this.#play() : this.#held;
    }
  }

  #runFrame(): void {
    const samples = this.#samples;
    const rows = this.#stream.run(samples, 0, 1, this.#outputs);
    if (this.#overflows(rows)) return;
    this.frames++;
    samples.copyWithin(0, this.#hop);
    this.#filled = samples.length - this.#hop;
    if (rows === 0) return;
    this.#keep(0);
    this.#played = 0;
  }

  /** Whether rows of outputs are not finite; if so, begins anew. */
  #overflows(rows: number): boolean {
    let isFinite = true;
    for (let i = rows * this.latest.length - 1; i >= 0 && isFinite; i--) {
      isFinite = this.#outputs[i]! - this.#outputs[i]! === 0;
    }
    if (isFinite) {
      if (this.frames >= CALM) this.#isOverflowing = false;
      return false;
    }
    this.reset();
    if (!this.#isOverflowing) this.#onOverflow();
    this.#isOverflowing = true;
    return true;
  }

  /** Remembers a row of the outputs. */
  #keep(row: number): void {
    const { latest } = this;
    for (let i = 0; i < latest.length; i++) latest[i] = this.#outputs[row * latest.length + i]!;
    if (latest.length === 1) this.#held = latest[0]!;
  }

  #play(): number {
    return this.#played < this.#hop ? this.latest[this.#played++]! : 0;
  }
}
