import type { Exports } from "./exports.js";
import type { Image } from "./image.js";
import { grow } from "./instance.js";

/**
 * The model of an image in the memory of an instance: rows in, run, rows out, for everything that runs models. Knows no
 * stream: a call names the states it works on. Needs little and allocates nothing while it runs, so that it
 * fits AudioWorklets.
 */
export class Session {
  /** The whole memory, made anew whenever it grows. */
  floats!: Float32Array;
  /** The same memory as integers, which token ids, addresses and counters are. */
  integers!: Int32Array;
  /** The same memory as doubles, which positions are. */
  doubles!: Float64Array;

  readonly image: Image;
  readonly exports: Exports;

  /**
   * Reserves memory for the image and the states of its capacity; what it holds is the caller's business.
   *
   * @throws RangeError if the engine has no memory to give
   */
  constructor(exports: Exports, image: Image) {
    this.image = image;
    this.exports = exports;
    this.reserve(image.statesAt + image.capacity.streams * image.stateBytes);
  }

  /**
   * Makes the memory at least this large, and a vector more: kernels may read, never write, that far past a row.
   *
   * @throws RangeError if the engine has no more to give; then nothing has changed
   */
  reserve(bytes: number): void {
    grow(this.exports, bytes + 16);
    const { buffer } = this.exports.memory;
    this.floats = new Float32Array(buffer);
    this.integers = new Int32Array(buffer);
    this.doubles = new Float64Array(buffer);
  }

  /**
   * One call on the input rows that have been written.
   *
   * @param slots - address of a table of states, u32[streams]
   * @param steps - rows of each stream, together no more than the image's capacity
   * @param isEnd - whether the sequences end here
   * @param isNewest - whether the newest output row of each stream suffices: the others may hold anything
   * @returns output rows of each stream that may be read until the next call, as wasm has counted them
   */
  run(slots: number, streams: number, steps: number, isEnd: boolean, isNewest = false): number {
    this.exports.run(this.image.at, slots, streams, steps, Number(isEnd) + 4 * Number(isNewest));
    return this.integers[this.image.output.rowsAt / 4]!;
  }

  /** Copies a sample, from an index on, into an input row. Rows are [steps][streams]. */
  write(row: number, samples: ArrayLike<number>, index: number): void {
    const { at, stride, width, vocabulary } = this.image.input;
    const first = (at + row * stride) / 4;
    const numbers = vocabulary === undefined ? this.floats : this.integers;
    for (let i = 0; i < width; i++) numbers[first + i] = samples[index + i]!;
  }

  /**
   * Copies an output row to an index, or several that follow one another: in one piece they take a tenth of the time, and the
   * view of a single one would take longer. Rows are [rows][streams].
   */
  read(row: number, output: Float32Array, index: number, rows = 1): void {
    const { at, stride, width } = this.image.output;
    const first = (at + row * stride) / 4;
    const { floats } = this;
    if (rows > 1) output.set(floats.subarray(first, first + rows * width), index);
    else for (let i = 0; i < width; i++) output[index + i] = floats[first + i]!;
  }
}
