import { LmuError, typeOf } from "../errors.js";
import type { Ports } from "../plan/plan.js";
import { copySamples, expectSamples, type Floats, type Samples } from "./ports.js";

/** What comes out of a source: a sample (the number itself when inputSize is 1), a chunk of them, or any part of one. */
export type Chunk = Samples | number;

/** A stream here or in a worker. */
interface Pushed {
  push(chunk: Samples): Floats | Promise<Floats>;
  end(): Floats | Promise<Floats>;
}

/** What must be known of its model. */
export interface Shape {
  readonly input: Pick<Ports["input"], "width" | "vocabulary">;
  readonly output: Pick<Ports["output"], "isSingle" | "lookAhead">;
}

const ACTION = "feed the stream";

/** A stream as a TransformStream. @throws LmuError host-unsupported if the host has none */
export function transformOf(stream: Pushed, shape: Shape): TransformStream<Chunk, Floats> {
  if (typeof TransformStream !== "function") {
    const message = "Cannot make a TransformStream: the host has none; use push() and end()";
    throw new LmuError("host-unsupported", message);
  }
  const feed = new Feed(stream, shape);
  let newest: Floats | undefined;
  return new TransformStream<Chunk, Floats>({
    async transform(chunk, readable) {
      const rows = await feed.take(chunk);
      if (shape.output.isSingle) newest = rows;
      else if (rows.length) readable.enqueue(rows);
    },
    async flush(readable) {
      const rest = (await feed.end()) ?? newest;
      if (rest?.length) readable.enqueue(rest);
    },
  });
}

/** A stream over a source. @throws TypeError if the source is no iterable; what it throws itself, unchanged */
export function outputsOver(
  stream: Pushed,
  shape: Shape,
  source: AsyncIterable<Chunk> | Iterable<Chunk>,
): AsyncGenerator<Floats, void> {
  // Here, for a generator would not say so before it is asked for its first output.
  const { asyncIterator, iterator } = Symbol;
  if (!(asyncIterator in Object(source) || iterator in Object(source))) {
    throw new TypeError(`Cannot ${ACTION}: source is ${typeOf(source)}, expected an iterable`);
  }
  return outputsOf(new Feed(stream, shape), source);
}

async function* outputsOf(
  feed: Feed,
  source: AsyncIterable<Chunk> | Iterable<Chunk>,
): AsyncGenerator<Floats, void> {
  for await (const chunk of source) {
    const rows = await feed.take(chunk);
    if (rows.length) yield rows;
  }
  const rest = await feed.end();
  if (rest?.length) yield rest;
}

/** A signal in chunks that need not begin or end with a sample: what there is of one waits for the rest. */
class Feed {
  readonly #stream: Pushed;
  readonly #shape: Shape;
  /** The beginning of a sample, checked. */
  #part = new Float64Array(0);

  constructor(stream: Pushed, shape: Shape) {
    this.#stream = stream;
    this.#shape = shape;
  }

  /** The outputs of a chunk, as push returns them. */
  take(chunk: Chunk): Floats | Promise<Floats> {
    const { width, vocabulary } = this.#shape.input;
    const samples = typeof chunk === "number" ? [chunk] : chunk;
    expectSamples(ACTION, samples);
    const { length } = this.#part;
    if (length === 0 && samples.length % width === 0) return this.#stream.push(samples);
    const values = copySamples(ACTION, samples, vocabulary);
    const all = new Float64Array(length + values.length);
    all.set(this.#part);
    all.set(values, length);
    const whole = all.length - (all.length % width);
    this.#part = all.slice(whole);
    return this.#stream.push(all.subarray(0, whole));
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
