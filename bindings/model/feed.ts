import { LmuError, typeOf } from "../errors.js";
import type { Ports } from "../plan/plan.js";
import { copySamples, expectSamples, type Floats, type Samples } from "./ports.js";

/** What comes out of a source: a sample (the number itself when inputSize is 1), a chunk of them, or any part of one. */
export type Chunk = Samples | number;

const ACTION = "feed the stream";
const NONE = new Float32Array(0);

/** What must be known of a stream's model. */
export interface Shape {
  readonly input: Pick<Ports["input"], "width" | "vocabulary">;
  readonly output: Pick<Ports["output"], "isSingle" | "lookAhead">;
}

/** A stream, here or in a worker, as the end of what the platform has: pipes and iterables. */
export abstract class Feed {
  /** @internal */
  abstract push(chunk: Samples): Floats | Promise<Floats>;

  /** @internal */
  abstract end(): Floats | Promise<Floats>;

  /** @internal */
  protected abstract get shape(): Shape;

  /**
   * The stream as a TransformStream: samples in, outputs out, in chunks of any size, which need not end with a sample. What
   * comes out, joined, is what `model.run` gives: rows for every chunk that makes some, and when the samples end what
   * look-ahead held back, or the last output of a model that returns nothing else. Waits while nobody reads.
   *
   * The stream stays whose it is: aborted or failed it is where its last whole chunk left it, and after the end it can go
   * on, unless the model looks ahead. Both sides fail with what `push` throws, and with a RangeError for half a sample at the
   * end.
   *
   * @returns a new TransformStream, whose outputs are new arrays
   * @throws LmuError host-unsupported if the host has none (AudioWorklets)
   */
  transform(): TransformStream<Chunk, Floats> {
    if (typeof TransformStream !== "function") {
      const message = "Cannot make a TransformStream: the host has none; use push() and end()";
      throw new LmuError("host-unsupported", message);
    }
    const carry = new Carry(this, this.shape);
    const { isSingle } = this.shape.output;
    let newest: Floats | undefined;
    return new TransformStream<Chunk, Floats>({
      async transform(chunk, readable) {
        const rows = await carry.take(chunk);
        if (!rows.length) return;
        if (isSingle) newest = rows;
        else readable.enqueue(rows);
      },
      async flush(readable) {
        const rest = (await carry.end()) ?? newest;
        if (rest?.length) readable.enqueue(rest);
      },
    });
  }

  /**
   * The outputs over a source, each as `push` returns it for what the source gives next: a sample, a chunk of any size, a
   * number. Nothing comes of what makes no rows; when the source ends, look-ahead gives the rest, and the stream has ended.
   * Leaving the loop closes the source. Otherwise as {@link Feed.transform}.
   *
   * @param source - whatever `for await` takes: an async iterable, an array of rows, an array of numbers
   * @returns new arrays
   * @throws TypeError if source is no iterable; the outputs reject with what push throws, and with what the source throws
   */
  over(source: AsyncIterable<Chunk> | Iterable<Chunk>): AsyncGenerator<Floats, void> {
    // Here, for a generator would not say so before it is asked for its first output.
    const { asyncIterator, iterator } = Symbol;
    if (!(asyncIterator in Object(source) || iterator in Object(source))) {
      throw new TypeError(`Cannot ${ACTION}: source is ${typeOf(source)}, expected an iterable`);
    }
    return outputsOf(new Carry(this, this.shape), source);
  }
}

async function* outputsOf(
  carry: Carry,
  source: AsyncIterable<Chunk> | Iterable<Chunk>,
): AsyncGenerator<Floats, void> {
  for await (const chunk of source) {
    const rows = await carry.take(chunk);
    if (rows.length) yield rows;
  }
  const rest = await carry.end();
  if (rest?.length) yield rest;
}

/** A signal in chunks that need not begin or end with a sample: what there is of one waits for the rest. */
class Carry {
  readonly #stream: Feed;
  readonly #shape: Shape;
  /** The beginning of a sample, checked. */
  #part = new Float64Array(0);

  constructor(stream: Feed, shape: Shape) {
    this.#stream = stream;
    this.#shape = shape;
  }

  /** The outputs of a chunk, as push returns them; none while no sample is whole. */
  take(chunk: Chunk): Floats | Promise<Floats> {
    const { width, vocabulary } = this.#shape.input;
    let samples: Samples = typeof chunk === "number" ? [chunk] : chunk;
    expectSamples(ACTION, samples);
    const { length } = this.#part;
    const total = length + samples.length;
    const whole = total - (total % width);
    if (whole < total || length > 0) {
      const all = new Float64Array(total);
      all.set(this.#part);
      all.set(copySamples(ACTION, samples, vocabulary), length);
      this.#part = all.slice(whole);
      samples = all.subarray(0, whole);
    }
    return whole > 0 ? this.#stream.push(samples) : NONE;
  }

  /** The outputs that look-ahead held back; undefined, and the stream can go on, where the model does not look ahead. */
  end(): Floats | Promise<Floats> | undefined {
    const { length } = this.#part;
    if (length > 0) {
      const { width } = this.#shape.input;
      throw new RangeError(
        `Cannot ${ACTION}: its source ends with ${length} values, expected a multiple of ${width}`,
      );
    }
    return this.#shape.output.lookAhead > 0 ? this.#stream.end() : undefined;
  }
}
