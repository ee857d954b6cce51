import type { Session } from "../runtime/session.js";
import { clearStates, slotOf } from "../runtime/states.js";

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

  readonly #session: Session;
  readonly #hop: number;
  /** Whether the outputs of a frame are the next samples. */
  readonly #isAudio: boolean;
  /** The samples of the next frame, as far as they are there. */
  readonly #samples: Float32Array;
  #filled = 0;
  /** Samples of the last outputs that have been played: a frame ends just when the one before it has been played. */
  #played = 0;
  /** Output rows of the last call. */
  #rows = 0;
  #held = 0;
  readonly #onOverflow: () => void;
  #isOverflowing = false;

  /**
   * @param onOverflow - told when outputs cease to be finite, once for a run of such frames. The model begins anew then, and
   *   the frame is silent: its state would never recover
   */
  constructor(session: Session, hop: number, onOverflow: () => void) {
    const { image } = session;
    const [inputSize, outputSize] = [image.input.width, image.output.width];
    this.#session = session;
    this.#hop = hop;
    this.#onOverflow = onOverflow;
    this.#isAudio = hop > 1 && outputSize === hop;
    this.latest = new Float32Array(outputSize);
    this.#samples = new Float32Array(inputSize);
    this.reset();
  }

  /** Takes samples and fills as many; allocates nothing. Input and output may be the same array. */
  process(input: Float32Array, output: Float32Array): void {
    if (this.#hop > 1 || this.#samples.length > 1) return this.#processFrames(input, output);
    const { rows } = this.#session.image.capacity;
    let isAudio = false;
    for (let first = 0; first < input.length; first += rows) {
      isAudio = this.#processSamples(input, output, first, Math.min(rows, input.length - first));
    }
    // With strides there are fewer rows than samples: what matters then is the value, not its place in the block.
    if (!isAudio) output.fill(this.#held);
  }

  /** Returns to the beginning of a sequence. */
  reset(): void {
    clearStates(this.#session, this.#session.image.statesAt, 1);
    this.#samples.fill(0);
    // Before the first sample there was silence.
    this.#filled = this.#samples.length - this.#hop;
    this.#played = this.#hop;
    this.#held = 0;
    this.latest.fill(NaN);
    this.frames = 0;
  }

  /** A frame per sample, many in one call; returns whether the outputs are the samples. */
  #processSamples(
    input: Float32Array,
    output: Float32Array,
    first: number,
    count: number,
  ): boolean {
    const isFinite = this.#run(input, first, count);
    const isAudio = this.#rows === count && this.latest.length === 1;
    if (isFinite) this.frames += count;
    for (let i = 0; i < count && isAudio; i++) {
      if (isFinite) this.#session.read(i, output, first + i);
      else output[first + i] = 0;
    }
    return isAudio;
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
    if (!this.#run(samples, 0, 1)) return;
    this.frames++;
    samples.copyWithin(0, this.#hop);
    this.#filled = samples.length - this.#hop;
    if (this.#rows > 0) this.#played = 0;
  }

  /** Runs frames and keeps the newest outputs; returns whether all are finite. If not, begins anew. */
  #run(input: Float32Array, from: number, frames: number): boolean {
    const { latest } = this;
    const session = this.#session;
    const width = this.#samples.length;
    for (let i = 0; i < frames; i++) session.write(i, input, from + i * width);
    this.#rows = session.run(slotOf(session.image.statesAt), 1, frames, false);
    for (let row = 0; row < this.#rows; row++) {
      session.read(row, latest, 0);
      for (let i = 0; i < latest.length; i++) {
        if (latest[i]! - latest[i]! !== 0) return this.#overflow();
      }
      if (latest.length === 1) this.#held = latest[0]!;
    }
    if (this.frames >= CALM) this.#isOverflowing = false;
    return true;
  }

  #overflow(): false {
    this.reset();
    if (!this.#isOverflowing) this.#onOverflow();
    this.#isOverflowing = true;
    return false;
  }

  #play(): number {
    return this.#played < this.#hop ? this.latest[this.#played++]! : 0;
  }
}
