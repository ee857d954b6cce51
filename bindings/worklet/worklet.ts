/**
 * Any streaming model as a node of the Web Audio API, running on the audio thread.
 *
 * A model of one input hears every sample; one of `n` inputs hears frames of the newest `n` samples, `hop` samples
 * apart. Nothing resamples: give the context the rate the model was trained at, and the browser does it well
 * (`new AudioContext({ sampleRate: 16000 })`).
 *
 * @example
 * ```ts
 * import { load } from "lmu-wasm";
 * import { createLmuNode } from "lmu-wasm/worklet";
 *
 * const context = new AudioContext({ sampleRate: 16000 });
 * const model = await load("denoiser.safetensors");
 * const lmu = await createLmuNode(context, model);
 * context.createMediaStreamSource(microphone).connect(lmu.node).connect(context.destination);
 * ```
 *
 * @module lmu-wasm/worklet
 */
import { LmuError, nameClass } from "../errors.js";
import type { Model } from "../model/model.js";
import { processorText } from "./processor-text.js";
import type { FromProcessor, ProcessorModel, ProcessorOptions, ToProcessor } from "./processor.js";

/** Options of {@link createLmuNode}. */
export interface LmuNodeOptions {
  /** Samples from frame to frame, at most inputSize. @defaultValue inputSize: frames that do not overlap */
  readonly hop?: number;
  /** Seconds between two calls of {@link LmuNode.onoutputs}, rounded up to whole blocks. @defaultValue 0: none */
  readonly interval?: number;
  /** Keeps the newest outputs in shared memory, see {@link LmuNode.outputs}. Needs a cross-origin isolated page. */
  readonly shared?: boolean;
  /**
   * Where `lmu-wasm/worklet/processor.js` is served, for pages whose content security policy forbids `blob:` scripts.
   * Without it the text inside this package is used.
   */
  readonly processorUrl?: string | URL;
  /** Options of the AudioWorkletNode, such as its number of output channels. */
  readonly node?: Omit<AudioWorkletNodeOptions, "processorOptions">;
}

/** Options of {@link LmuNode.swap}, in seconds. */
export interface SwapOptions {
  /** How long the new model listens before it is heard: about as long as its memory reaches. @defaultValue 0 */
  readonly warmUp?: number;
  /** How long it takes from the one to the other. @defaultValue 0.02 */
  readonly fade?: number;
  /** Samples from frame to frame, at most inputSize. @defaultValue inputSize of the new model */
  readonly hop?: number;
}

/**
 * Makes a node that runs a stream of the model on the audio thread, with a copy of its weights: the model itself may be
 * disposed. The node has one input, whose channels are averaged, and one output.
 *
 * The output is what the model gives: `hop` samples per frame, or a value per frame, which is held until the next.
 * Models with other outputs are silent; read these from {@link LmuNode.outputs} or {@link LmuNode.onoutputs}. Frames of
 * several samples come out `hop - 1` samples late. Samples that are not finite are taken as 0; a frame whose outputs are not finite is silent,
 * and the model begins anew (see {@link LmuNode.onerror}).
 *
 * @param context - the audio context; its sample rate is the one the model was trained at
 * @param model - any model that can stream and reads samples
 * @param options - frames, outputs, and those of the node
 * @returns the node, once the audio thread has the processor
 * @throws LmuError not-streamable, input-invalid (a model that reads tokens), disposed, worklet-failed
 * @throws RangeError if hop or interval is out of range; TypeError if model is none, or one in a worker
 */
export async function createLmuNode(
  context: BaseAudioContext,
  model: Model,
  options: LmuNodeOptions = {},
): Promise<LmuNode> {
  const { interval = 0, shared = false, processorUrl, node = {} } = options;
  expectSeconds("run the model as a node", "interval", interval);
  const memory = shared ? sharedMemory(model.outputSize * 4) : undefined;
  const processorOptions: ProcessorOptions = {
    ...processorModel("run the model as a node", model, options.hop),
    interval,
    shared: memory,
  };
  await addProcessor(context, processorUrl);
  return new LmuNode(
    new AudioWorkletNode(context, "lmu-wasm", { ...node, processorOptions }),
    memory,
  );
}

/** A model on the audio thread. Made by {@link createLmuNode}. */
export class LmuNode {
  /** The node to connect. */
  readonly node: AudioWorkletNode;
  /**
   * With the option `shared`: the newest outputs, f32[outputSize], renewed after every block; NaN before the first. Written
   * without a lock, so a read may see some values of the block before.
   */
  readonly outputs: Float32Array | undefined;
  /**
   * With the option `interval`: receives the newest outputs, f32[outputSize] in a new array (NaN before the first frame),
   * and the number of frames that the model has run since its beginning or the last reset. Set it to listen.
   */
  onoutputs: ((outputs: Float32Array, frames: number) => void) | undefined;
  /**
   * Receives LmuError worklet-failed if the processor fails: the node is silent from then on. Receives input-invalid when
   * outputs cease to be finite, for samples of 1e38, say: the model is reset, and silent until they are finite again. Set
   * it to listen.
   */
  onerror: ((error: LmuError) => void) | undefined;
  /** Why there is nothing to swap any more. */
  #end: LmuError | undefined;
  #swapping: { resolve(): void; reject(reason: unknown): void } | undefined;

  static {
    nameClass(this, "LmuNode");
  }

  /** @internal */
  constructor(node: AudioWorkletNode, shared: SharedArrayBuffer | undefined) {
    this.node = node;
    this.outputs = shared && new Float32Array(shared).fill(NaN);
    node.port.onmessage = ({ data }) => this.#receive(data as FromProcessor);
    node.addEventListener("processorerror", () => {
      this.#finish("its processor has failed");
      this.onerror?.(failureOf("run the model as a node", "its processor has failed"));
    });
  }

  /**
   * Replaces the model while the sound goes on: memory is reserved in one block (0.3 to 0.5 ms), weights are copied a
   * little per block, the model listens, then fades in.
   *
   * @param model - the model to take over; may be disposed as soon as the call returns
   * @param options - how long it listens and fades in, and its frames
   * @returns once the old model is no longer heard; the context must be running for that
   * @throws LmuError worklet-failed, also if another swap is under way; not-streamable; disposed; input-invalid
   * @throws RangeError if an option is out of range, or the outputs are shared and of another number
   */
  async swap(model: Model, { warmUp = 0, fade = 0.02, hop }: SwapOptions = {}): Promise<void> {
    expectSeconds("swap the model", "warmUp", warmUp);
    expectSeconds("swap the model", "fade", fade);
    if (this.node.context.state === "closed") this.#finish("the audio context is closed");
    if (this.#end) throw this.#end;
    if (this.#swapping) {
      throw new LmuError("worklet-failed", "Cannot swap the model: another swap is under way");
    }
    if (this.outputs && model.outputSize !== this.outputs.length) {
      throw new RangeError(
        `Cannot swap the model: it has ${model.outputSize} outputs, expected ${this.outputs.length}, which are shared`,
      );
    }
    const next = processorModel("swap the model", model, hop);
    const done = new Promise<void>((resolve, reject) => (this.#swapping = { resolve, reject }));
    try {
      this.#say({ say: "swap", model: next, warmUp, fade }, [next.image.bytes.buffer]);
    } catch (cause) {
      this.#swapping = undefined;
      throw cause;
    }
    return done;
  }

  /** Returns to the beginning of a sequence, with the next block. A model that is about to take over goes on. */
  reset(): void {
    this.#say({ say: "reset" });
  }

  /** Disconnects the node and lets the audio thread drop the model. Idempotent. */
  close(): void {
    this.#say({ say: "close" });
    this.node.disconnect();
    this.#finish("the node is closed");
  }

  #say(message: ToProcessor, transfer: Transferable[] = []): void {
    this.node.port.postMessage(message, transfer);
  }

  #receive(message: FromProcessor): void {
    if (message.say === "outputs") return this.onoutputs?.(message.outputs, message.frames);
    if (message.say === "overflow") {
      const overflow = "Cannot go on: outputs are not finite; the model has begun anew";
      return this.onerror?.(new LmuError("input-invalid", overflow));
    }
    if (message.say === "failed")
      this.#swapping?.reject(failureOf("swap the model", message.message));
    else this.#swapping?.resolve();
    this.#swapping = undefined;
  }

  #finish(reason: string): void {
    this.#end ??= failureOf("swap the model", reason);
    this.#swapping?.reject(this.#end);
    this.#swapping = undefined;
  }
}

function failureOf(action: string, reason: string): LmuError {
  return new LmuError("worklet-failed", `Cannot ${action}: ${reason}`);
}

function processorModel(action: string, model: Model, hop?: number): ProcessorModel {
  // Also for models in workers, whose weights are in another thread.
  if (typeof (model as Partial<Model> | undefined)?.image !== "function") {
    throw new TypeError(`Cannot ${action}: model is none that load of lmu-wasm has made`);
  }
  if (model.vocabulary !== undefined) {
    throw new LmuError("input-invalid", `Cannot ${action}: it reads token ids, not samples`);
  }
  hop ??= model.inputSize;
  if (!Number.isInteger(hop) || hop < 1 || hop > model.inputSize) {
    throw new RangeError(
      `Cannot ${action}: hop is ${hop}, expected an integer from 1 to inputSize ${model.inputSize}`,
    );
  }
  return { ...model.image(), hop };
}

function expectSeconds(action: string, name: string, value: number): void {
  if (Number.isFinite(value) && value >= 0) return;
  throw new RangeError(`Cannot ${action}: ${name} is ${value}, expected seconds from 0`);
}

function sharedMemory(bytes: number): SharedArrayBuffer {
  if (typeof SharedArrayBuffer === "function") return new SharedArrayBuffer(bytes);
  throw new LmuError(
    "worklet-failed",
    "Cannot share the outputs: the page is not cross-origin isolated; serve it with the headers " +
      "Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp",
  );
}

/** Contexts that have the processor, or are about to. */
const prepared = new WeakMap<BaseAudioContext, Promise<void>>();

function addProcessor(context: BaseAudioContext, url: string | URL | undefined): Promise<void> {
  const known = prepared.get(context);
  if (known) return known;
  const added = addModule(context, url).catch((cause: unknown) => {
    prepared.delete(context);
    if (cause instanceof LmuError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const hint = url
      ? ""
      : "; a content security policy may forbid blob: scripts, see processorUrl";
    throw new LmuError("worklet-failed", `Cannot add the processor: ${reason}${hint}`, { cause });
  });
  prepared.set(context, added);
  return added;
}

async function addModule(context: BaseAudioContext, url: string | URL | undefined): Promise<void> {
  // Insecure pages have no worklets, whatever the types say.
  if (!(context.audioWorklet as AudioWorklet | undefined)) {
    throw new LmuError("worklet-failed", "Cannot add the processor: AudioWorklets need https");
  }
  if (url) return context.audioWorklet.addModule(String(url));
  const blob = URL.createObjectURL(new Blob([processorText], { type: "text/javascript" }));
  try {
    await context.audioWorklet.addModule(blob);
  } finally {
    URL.revokeObjectURL(blob);
  }
}
