import { LmuError } from "../../errors.js";
import type { Model, Stream } from "../../index.js";
import { joined } from "../../joined.js";
import { printable } from "../text.js";
import type { Bytes } from "./bytes.js";
import type { Outputs } from "./outputs.js";
import type { Signal } from "./signal.js";

/** Numbers that are held of a sequence for a model that needs it whole. */
const MOST_NUMBERS = 1 << 27;

/** Runs a model on a signal, chunk after chunk. */
export class Runner {
  readonly #model: Model;
  readonly #signal: Signal;
  readonly #bytes: Bytes;
  /** Undefined if the model needs its whole sequence at once. */
  readonly #stream: Stream | undefined;
  #steps = 0;
  #rows = 0;

  constructor(model: Model, signal: Signal, bytes: Bytes) {
    this.#model = model;
    this.#signal = signal;
    this.#bytes = bytes;
    const canStream = model.report().notStreamable === undefined;
    this.#stream = canStream ? model.stream() : undefined;
  }

  /** Steps read and rows written so far. */
  get steps(): number {
    return this.#steps;
  }

  get rows(): number {
    return this.#rows;
  }

  /** @throws what reading throws; RangeError if there are too few steps for an output, or too many to hold */
  async run(outputs: Outputs): Promise<void> {
    const { inputSize } = this.#model;
    const length = (this.#signal.steps ?? Infinity) * inputSize;
    let done = 0;
    let held: Float64Array[] = [];
    for await (const { values } of this.#signal.rows()) {
      for (let at = 0; at < values.length;) {
        const part = values.subarray(at, at + Math.min(values.length - at, length - done));
        at += part.length;
        done += part.length;
        this.#steps += part.length / inputSize;
        if (this.#stream) await this.#push(this.#stream, part, outputs);
        else held.push(this.#hold(part, done));
        if (done < length) continue;
        await this.#endSequence(held, outputs);
        [done, held] = [0, []];
      }
      this.#show();
    }
    if (done > 0) await this.#endSequence(held, outputs);
    if (this.#rows === 0) this.#tooFew();
  }

  async #push(stream: Stream, part: Float64Array, outputs: Outputs): Promise<void> {
    const rows = stream.push(part);
    if (this.#model.returnsSequence) await this.#write(rows, outputs);
  }

  #hold(part: Float64Array, length: number): Float64Array {
    if (length <= MOST_NUMBERS) return part.slice();
    const { notStreamable } = this.#model.report();
    throw new LmuError(
      "source-too-large",
      `Cannot run the model: it needs its whole sequence at once (${notStreamable}), and it has over ${MOST_NUMBERS} numbers`,
    );
  }

  async #endSequence(held: readonly Float64Array[], outputs: Outputs): Promise<void> {
    if (!this.#stream) return this.#write(this.#model.run(joined(Float64Array, held)), outputs);
    const rest = this.#stream.end();
    // One output for the whole sequence is NaN where there has been none.
    if (!this.#model.returnsSequence && rest.every(Number.isNaN)) this.#tooFew();
    await this.#write(rest, outputs);
    this.#stream.reset();
  }

  #write(rows: Float32Array, outputs: Outputs): Promise<void> {
    this.#rows += rows.length / this.#model.outputSize;
    return outputs.write(rows);
  }

  #tooFew(): never {
    const problem = `${this.#steps} steps are too few for one output`;
    throw new RangeError(`Cannot run the model: ${problem}`);
  }

  /** How far a large file is, on a terminal. */
  #show(): void {
    const { total, taken, name } = this.#bytes;
    if (!process.stderr.isTTY || total === undefined || total < LARGE) return;
    const percent = Math.floor((100 * taken) / total);
    process.stderr.write(`\r${printable(name)} ${percent} %${taken === total ? "\n" : ""}`);
  }
}

/** Bytes of a file that is not read at once. */
const LARGE = 16 << 20;
