import { DISPOSE } from "../dispose.js";
import { printable } from "../inspect.js";
import { Feed, type Shape } from "../model/feed.js";
import { type Bytes, copyBytes, expectOutput, type Floats, type Samples } from "../model/ports.js";
import type { MemoryOptions, WindowOptions, WindowRange } from "../model/recall.js";
import type { Report } from "../model/report.js";
import type { SaveOptions } from "../model/snapshot.js";
import type { PrefillOptions } from "../model/prefill-options.js";
import type { StepOptions } from "../model/step-options.js";
import { receiveOutput, sendSamples } from "./arguments.js";
import type { AskOptions } from "./channel.js";
import { Lifetime } from "./lifetime.js";
import {
  ACTIONS,
  type Request,
  type StreamAnswer,
  type StreamCall,
  type StreamFacts,
} from "./protocol.js";

type RecallMethod = Extract<Request, { call: "recall" }>["method"];
type Ask = <T>(request: Request, options?: AskOptions) => Promise<T>;

/**
 * One live signal in a worker: {@link lmu-wasm!Stream | Stream} with promises. Made by {@link WorkerModel.stream}.
 *
 * Calls are done in the order in which they are made; there is no need to wait for one before the next. Every call rejects
 * with LmuError disposed after disposal, and with worker-failed when the worker has ended.
 */
export class WorkerStream extends Feed {
  readonly #ask: Ask;
  readonly #handle: number;
  readonly #report: Report;
  readonly #lifetime: Lifetime;
  /** @internal */
  protected readonly shape: Shape;
  #position: number;

  static {
    printable(WorkerStream, "WorkerStream", (stream) => ({ position: stream.#position }));
  }

  /** @internal */
  constructor(ask: Ask, { stream: handle, position }: StreamFacts, report: Report) {
    const { inputSize: width, vocabulary, returnsSequence, lookAhead } = report;
    super();
    this.#ask = ask;
    this.#handle = handle;
    this.#position = position;
    this.#report = report;
    this.shape = {
      input: { width, vocabulary },
      output: { isSingle: !returnsSequence, lookAhead },
    };
    this.#lifetime = new Lifetime(this, "stream", closer(ask, handle));
  }

  /** Samples seen since the beginning or the last reset, as of the last answer. */
  get position(): number {
    return this.#position;
  }

  /**
   * Takes one sample, as {@link lmu-wasm!Stream.step | step} of the main entry.
   *
   * @param sample - f32[inputSize], or the number itself when inputSize is 1; copied at once
   * @param output - receives f32[outputSize]; without it the output comes in a new array
   * @param options - the time since the sample before, if it is not one step
   * @returns output, or the new array
   * @throws what step of the main entry throws
   */
  async step<Output extends Float32Array = Floats>(
    sample: Samples | number,
    output?: Output,
    options?: StepOptions,
  ): Promise<Output> {
    return this.#call("step", output, sample, options);
  }

  /**
   * Takes a chunk of samples, as {@link lmu-wasm!Stream.push | push} of the main entry.
   *
   * @param chunk - f32[steps, inputSize], row by row; token models: ids[steps]; copied at once
   * @param output - receives the outputs, of exactly their length; without it they come in a new array
   * @param options - whether memories may take many samples at once
   * @returns [rows, outputSize] if the model returns sequences, else the last output, [outputSize]
   * @throws what push of the main entry throws
   */
  async push<Output extends Float32Array = Floats>(
    chunk: Samples,
    output?: Output,
    options?: PrefillOptions,
  ): Promise<Output> {
    return this.#call("push", output, chunk, options);
  }

  /**
   * Takes a chunk of samples for its newest output alone, as {@link lmu-wasm!Stream.last | last} of the main entry.
   *
   * @param chunk - as for {@link WorkerStream.push}, and at least one sample; copied at once
   * @param output - receives f32[outputSize]; without it the output comes in a new array
   * @param options - as for {@link WorkerStream.push}
   * @returns [outputSize]
   * @throws what last of the main entry throws
   */
  async last<Output extends Float32Array = Floats>(
    chunk: Samples,
    output?: Output,
    options?: PrefillOptions,
  ): Promise<Output> {
    return this.#call("last", output, chunk, options);
  }

  /**
   * Ends the sequence, as {@link lmu-wasm!Stream.end | end} of the main entry. Then only {@link WorkerStream.reset} goes on.
   *
   * @param output - receives the outputs, of exactly their length; without it they come in a new array
   * @returns the outputs that look-ahead held back, [rows, outputSize], or the last output, [outputSize]
   * @throws what end of the main entry throws
   */
  async end<Output extends Float32Array = Floats>(output?: Output): Promise<Output> {
    return this.#call("end", output);
  }

  /** Returns to the beginning of a sequence: zero state, position 0. */
  async reset(): Promise<void> {
    await this.#call("reset");
  }

  /**
   * What an LMU remembers, as {@link lmu-wasm!Recall.window | window} of the main entry.
   *
   * @returns output, or a new array, f32[samples]
   * @throws what window of the main entry throws
   */
  async window<Output extends Float32Array = Floats>(
    layer: string | number,
    options: WindowOptions<Output> = {},
  ): Promise<Output> {
    return this.#copy("window", layer, options);
  }

  /**
   * A copy of an LMU's memory, as {@link lmu-wasm!Recall.memory | memory} of the main entry.
   *
   * @returns output, or a new array, f32[channels, order], or f32[order] of one channel
   * @throws what memory of the main entry throws
   */
  async memory<Output extends Float32Array = Floats>(
    layer: string | number,
    options: MemoryOptions<Output> = {},
  ): Promise<Output> {
    return this.#copy("memory", layer, options);
  }

  /**
   * A copy of a hidden state, as {@link lmu-wasm!Recall.hidden | hidden} of the main entry.
   *
   * @returns output, or a new array, f32[units]
   * @throws what hidden of the main entry throws
   */
  async hidden<Output extends Float32Array = Floats>(
    layer: string | number,
    output?: Output,
  ): Promise<Output> {
    return this.#copy("hidden", layer, { output });
  }

  /** Mean of a range, as {@link lmu-wasm!Recall.mean | mean} of the main entry. */
  async mean(layer: string | number, range: WindowRange = {}): Promise<number> {
    return (await this.#recall("mean", layer, range)).value!;
  }

  /** Slope of a range, as {@link lmu-wasm!Recall.slope | slope} of the main entry. */
  async slope(layer: string | number, range: WindowRange = {}): Promise<number> {
    return (await this.#recall("slope", layer, range)).value!;
  }

  /** Energy of a range, as {@link lmu-wasm!Recall.energy | energy} of the main entry. */
  async energy(layer: string | number, range: WindowRange = {}): Promise<number> {
    return (await this.#recall("energy", layer, range)).value!;
  }

  /**
   * The whole past of the stream as bytes, as {@link lmu-wasm!Stream.save | save} of the main entry: both go on from either's.
   *
   * @param options - how floats are stored
   * @returns a new array
   * @throws what save of the main entry throws
   */
  async save(options?: SaveOptions): Promise<Bytes> {
    return (await this.#request("save", { options })).snapshot!;
  }

  /**
   * Goes on from a snapshot, as {@link lmu-wasm!Stream.load | load} of the main entry.
   *
   * @param snapshot - what save returned; copied at once
   * @throws what load of the main entry throws
   */
  async load(snapshot: Uint8Array | ArrayBuffer): Promise<void> {
    const bytes = copyBytes(ACTIONS.goOn, snapshot);
    await this.#request("goOn", { snapshot: bytes }, [bytes.buffer]);
  }

  /**
   * A second stream with the same past.
   *
   * @throws LmuError disposed, model-too-large, worker-failed
   */
  async fork(): Promise<WorkerStream> {
    this.#lifetime.expectAlive(ACTIONS.fork);
    const facts = await this.#ask<StreamFacts>({ call: "fork", stream: this.#handle });
    return new WorkerStream(this.#ask, facts, this.#report);
  }

  /** Gives the state back to the model, after the calls made before. Idempotent. */
  dispose(): void {
    this.#lifetime.end();
  }

  /** {@link WorkerStream.dispose}, for `using`. */
  [DISPOSE](): void {
    this.dispose();
  }

  async #copy<Output extends Float32Array>(
    method: RecallMethod,
    layer: string | number,
    { output, ...options }: { output?: Output | undefined },
  ): Promise<Output> {
    expectOutput(ACTIONS.recall, output);
    const answer = await this.#recall(method, layer, options, output?.length);
    return receiveOutput(ACTIONS.recall, answer.output!, output);
  }

  async #recall(
    method: RecallMethod,
    layer: string | number,
    options: object,
    outputLength?: number,
  ): Promise<StreamAnswer> {
    this.#lifetime.expectAlive(ACTIONS.recall);
    const request = { method, layer, options, outputLength };
    return this.#ask({ call: "recall", stream: this.#handle, ...request });
  }

  async #call<Output extends Float32Array>(
    call: StreamCall,
    output?: Output,
    samples?: Samples | number,
    options?: StepOptions & PrefillOptions,
  ): Promise<Output> {
    const action = ACTIONS[call];
    this.#lifetime.expectAlive(action);
    const { input, transfer } = sendSamples(action, samples, this.shape.input.vocabulary);
    expectOutput(action, output);
    const more = { input, outputLength: output?.length, options };
    const answer = await this.#request(call, more, transfer);
    return receiveOutput(action, answer.output!, output);
  }

  async #request(
    call: StreamCall,
    more: object,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<StreamAnswer> {
    this.#lifetime.expectAlive(ACTIONS[call]);
    const request: Request = { call, stream: this.#handle, ...more };
    const answer = await this.#ask<StreamAnswer>(request, { transfer });
    this.#position = answer.position;
    return answer;
  }
}

/** What closes a stream after the calls made before, without holding it. */
function closer(ask: Ask, stream: number): () => void {
  return () => void ask({ call: "closeStream", stream }).catch(() => undefined);
}
