import { Kernel, type WasmModule } from "./kernel.js";
import { STATE } from "./records.js";

/** Rows of input or output in the memory of a model. */
interface ImagePort {
  /** Byte address of the first row. */
  readonly at: number;
  /** Bytes from row to row. */
  readonly stride: number;
  /** Features in use. */
  readonly width: number;
}

/**
 * A loaded model as plain data: what its memory holds, and where. It can be sent to another thread and run there without
 * reading or packing anything. Belongs to the lmu.wasm of the same version.
 */
export interface ModelImage {
  /** Memory from `base` on: plan and weights. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly base: number;
  readonly statesAt: number;
  readonly stateBytes: number;
  /** Steps that one call may bring. */
  readonly steps: number;
  readonly input: ImagePort;
  /** rowsAt: byte address of the number of rows that the last call left. */
  readonly output: ImagePort & { readonly rowsAt: number };
}

/** One stream of a model made from its image. Imports nothing but the kernel, so it runs in AudioWorklets. */
export class ImageStream {
  readonly #kernel: Kernel;
  readonly #image: ModelImage;
  readonly #floats: Float32Array;
  readonly #words: Uint32Array;
  #copied = 0;

  /**
   * Reserves the memory and leaves it empty: {@link ImageStream.copy} fills it.
   *
   * @throws RangeError if the engine has no memory to give
   */
  constructor(module: WasmModule, image: ModelImage) {
    this.#image = image;
    this.#kernel = new Kernel(module);
    if (!this.#kernel.reserve(image.statesAt + image.stateBytes + 16)) {
      throw new RangeError("Cannot start the model: the engine has no memory to give");
    }
    this.#floats = this.#kernel.floats(0, this.#kernel.bytes / 4);
    this.#words = this.#kernel.words(0, this.#kernel.bytes / 4);
    this.reset();
  }

  /**
   * Copies up to so many bytes of the image into memory, on a thread that may not do it all at once.
   *
   * @returns whether all is there; only then may the stream run
   */
  copy(bytes: number): boolean {
    const { bytes: image, base } = this.#image;
    const end = Math.min(this.#copied + bytes, image.length);
    new Uint8Array(this.#floats.buffer).set(image.subarray(this.#copied, end), base + this.#copied);
    this.#copied = end;
    return end === image.length;
  }

  get inputSize(): number {
    return this.#image.input.width;
  }

  get outputSize(): number {
    return this.#image.output.width;
  }

  /** Returns to the beginning of a sequence. */
  reset(): void {
    const { statesAt, stateBytes } = this.#image;
    this.#floats.fill(0, statesAt / 4, (statesAt + stateBytes) / 4);
    this.#words[(statesAt + STATE.slot) / 4] = statesAt;
  }

  /**
   * Runs steps of input from index `from` on; allocates nothing.
   *
   * @param input - f32[steps, inputSize] from there on
   * @param output - receives f32[rows, outputSize]
   * @returns rows made: one per step unless the model has strides, unpadded convolutions or gives its last output only
   */
  run(input: Float32Array, from: number, steps: number, output: Float32Array): number {
    const { base, statesAt } = this.#image;
    const { width } = this.#image.output;
    let made = 0;
    for (let step = 0; step < steps;) {
      const count = Math.min(this.#image.steps, steps - step);
      this.#write(input, from + step * this.#image.input.width, count);
      this.#kernel.exports.run(base, statesAt + STATE.slot, 1, count, 0);
      const rows = this.#words[this.#image.output.rowsAt / 4]!;
      this.#read(rows, output, made * width);
      made += rows;
      step += count;
    }
    return made;
  }

  #write(input: Float32Array, from: number, rows: number): void {
    const { at, stride, width } = this.#image.input;
    const floats = this.#floats;
    for (let row = 0; row < rows; row++) {
      const first = (at + row * stride) / 4;
      for (let i = 0; i < width; i++) floats[first + i] = input[from + row * width + i]!;
    }
  }

  #read(rows: number, output: Float32Array, to: number): void {
    const { at, stride, width } = this.#image.output;
    const floats = this.#floats;
    for (let row = 0; row < rows; row++) {
      const first = (at + row * stride) / 4;
      for (let i = 0; i < width; i++) output[to + row * width + i] = floats[first + i]!;
    }
  }
}
