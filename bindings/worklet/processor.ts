/*
 * The audio thread's side. Built into one file without imports: an AudioWorklet has no bundler, and in two of three
 * engines no TextDecoder, URL or timers either.
 */
import type { ModelImage } from "../runtime/image.js";
import { instantiate } from "../runtime/instance.js";
import type { WasmModule } from "../runtime/kernel.js";
import { Session } from "../runtime/session.js";
import { FrameAdapter } from "./frames.js";

/** What an AudioWorklet offers, and the DOM types leave out. */
declare const sampleRate: number;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: unknown): void;

/** A model and how it listens. */
export interface ProcessorModel {
  readonly module: WasmModule;
  readonly image: ModelImage;
  /** Samples from frame to frame. */
  readonly hop: number;
}

/** What the page says. */
export type ToProcessor =
  ({ readonly say: "swap" } & Swap) | { readonly say: "reset" } | { readonly say: "close" };

/** A model to take over, and in how many seconds: first it listens, then it fades in. */
export interface Swap {
  readonly model: ProcessorModel;
  readonly warmUp: number;
  readonly fade: number;
}

/** What the processor says: outputs now and then, how a swap went, and that a model had to begin anew. */
export type FromProcessor =
  | { readonly say: "outputs"; readonly outputs: Float32Array; readonly frames: number }
  | { readonly say: "swapped" }
  | { readonly say: "overflow" }
  | { readonly say: "failed"; readonly message: string };

/** Options of the node. */
export interface ProcessorOptions extends ProcessorModel {
  /** Seconds between two messages with outputs; 0 sends none. */
  readonly interval: number;
  /** Receives the newest outputs after every block, without messages: f32[outputSize] in shared memory. */
  readonly shared: SharedArrayBuffer | undefined;
}

/** Samples per block in every engine of today. */
const BLOCK = 128;

/** Bytes of a new model copied per block: some 10 µs. */
const PORTION = 1 << 16;

class LmuProcessor extends AudioWorkletProcessor {
  #model: FrameAdapter;
  /** The model to come, from the message until it is heard alone, and the block it goes through meanwhile. */
  #next: Successor | undefined;
  #isClosed = false;
  #mono = new Float32Array(BLOCK);
  readonly #shared: Float32Array | undefined;
  readonly #samplesPerMessage: number;
  #samplesSince = 0;
  readonly #onOverflow = () => this.port.postMessage({ say: "overflow" } satisfies FromProcessor);

  constructor({ processorOptions }: { processorOptions: ProcessorOptions }) {
    super();
    const { hop, image, interval, shared } = processorOptions;
    const session = sessionOf(processorOptions);
    copy(image, 0, Infinity, session);
    this.#model = new FrameAdapter(session, hop, this.#onOverflow);
    this.#samplesPerMessage = interval > 0 ? interval * sampleRate : Infinity;
    this.#shared = shared && new Float32Array(shared);
    this.port.onmessage = ({ data }) => this.#listen(data as ToProcessor);
  }

  /** Hears the mean of the channels of its input. Allocates nothing, but for a message now and then. */
  process(
    inputs: readonly (readonly Float32Array[])[],
    outputs: readonly Float32Array[][],
  ): boolean {
    const [output] = outputs;
    const length = output?.[0]?.length ?? inputs[0]?.[0]?.length ?? BLOCK;
    if (length !== this.#mono.length) this.#mono = new Float32Array(length);
    const mono = this.#mono;
    mixDown(inputs[0]!, mono);
    if (this.#next) this.#transition(this.#next, mono);
    else this.#model.process(mono, mono);
    if (output) for (let c = 0; c < output.length; c++) output[c]!.set(mono);
    this.#tell(mono.length);
    return !this.#isClosed;
  }

  #transition(next: Successor, mono: Float32Array): void {
    const isDone = next.process(this.#model, mono);
    if (!isDone) return;
    this.#model = next.model;
    this.#next = undefined;
    this.port.postMessage({ say: "swapped" } satisfies FromProcessor);
  }

  #tell(samples: number): void {
    const { latest, frames } = this.#model;
    if (this.#shared?.length === latest.length) this.#shared.set(latest);
    this.#samplesSince += samples;
    if (this.#samplesSince < this.#samplesPerMessage) return;
    this.#samplesSince = 0;
    this.port.postMessage({ say: "outputs", outputs: latest, frames } satisfies FromProcessor);
  }

  #listen(message: ToProcessor): void {
    if (message.say === "reset") return this.#model.reset();
    if (message.say === "close") return void (this.#isClosed = true);
    try {
      if (this.#next) throw new Error("another swap is under way");
      this.#next = new Successor(message, this.#onOverflow);
    } catch (error) {
      this.port.postMessage({ say: "failed", message: String(error) } satisfies FromProcessor);
    }
  }
}

/** A model about to take over: it is copied, then listens, then is faded in while the other is faded out. */
class Successor {
  readonly model: FrameAdapter;
  readonly #session: Session;
  readonly #image: ModelImage;
  /** Bytes of the image. */
  #copied = 0;
  #heard = new Float32Array(BLOCK);
  /** Samples until it is heard; below 0 while it fades in. */
  #silent: number;
  readonly #fade: number;

  constructor({ model, warmUp, fade }: Swap, onOverflow: () => void) {
    this.#image = model.image;
    this.#session = sessionOf(model);
    this.model = new FrameAdapter(this.#session, model.hop, onOverflow);
    this.#silent = Math.round(warmUp * sampleRate);
    this.#fade = Math.max(1, Math.round(fade * sampleRate));
  }

  /** One block through both models; returns whether the old one is no longer heard. */
  process(old: FrameAdapter, mono: Float32Array): boolean {
    if (this.#copied < this.#image.bytes.length) {
      copy(this.#image, this.#copied, (this.#copied += PORTION), this.#session);
      old.process(mono, mono);
      return false;
    }
    if (mono.length !== this.#heard.length) this.#heard = new Float32Array(mono.length);
    const heard = this.#heard;
    this.model.process(mono, heard);
    old.process(mono, mono);
    for (let i = 0; i < mono.length; i++) {
      const share = Math.min(1, Math.max(0, -this.#silent-- / this.#fade));
      mono[i] = share * heard[i]! + (1 - share) * mono[i]!;
    }
    return -this.#silent >= this.#fade;
  }
}

function sessionOf({ module, image }: ProcessorModel): Session {
  return new Session(instantiate(module), image);
}

/** Copies bytes from … to of an image into memory; only when all are there may it run. */
function copy({ bytes, at }: ModelImage, from: number, to: number, { floats }: Session): void {
  new Uint8Array(floats.buffer).set(bytes.subarray(from, to), at + from);
}

/** A recurrent state remembers a NaN for ever, so what is not finite counts as silence. */
function mixDown(channels: readonly Float32Array[], mono: Float32Array): void {
  const count = channels.length;
  for (let i = 0; i < mono.length; i++) {
    let sum = 0;
    for (let c = 0; c < count; c++) sum += channels[c]![i]!;
    mono[i] = sum - sum === 0 && count > 0 ? sum / count : 0;
  }
}

registerProcessor("lmu-wasm", LmuProcessor);
