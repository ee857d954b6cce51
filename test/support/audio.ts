import { resolveObjectURL } from "node:buffer";
import { readFileSync } from "node:fs";
import type { FromProcessor, ProcessorOptions } from "../../bindings/worklet/processor.js";

/*
 * What Web Audio brings, as far as an audio node of this library needs it, without a thread of its own.
 */

export const RATE = 16000;
export const BLOCK = 128;

export interface Processor {
  readonly port: MessagePort;
  process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean;
}
type ProcessorClass = new (options: { processorOptions: ProcessorOptions }) => Processor;

/** Registers the processor from its text, as addModule would. */
function register(text: string): ProcessorClass {
  let registered: ProcessorClass | undefined;
  class AudioWorkletProcessor {
    readonly port = { onmessage: undefined, postMessage: () => undefined };
  }
  const scope = {
    AudioWorkletProcessor,
    registerProcessor: (_: string, processor: ProcessorClass) => (registered = processor),
    sampleRate: RATE,
  };
  // No atob, no URL, no TextDecoder: a worklet has none either.
  new Function(...Object.keys(scope), ...["atob", "URL", "TextDecoder"], text)(
    ...Object.values(scope),
  );
  return registered!;
}

const processorText = readFileSync(
  new URL("../../dist/worklet/processor.js", import.meta.url),
  "utf8",
);

/** An audio context with one node, whose messages arrive at once. */
export class FakeContext {
  added: string[] = [];
  processor: Processor | undefined;
  #Processor: ProcessorClass | undefined;

  readonly audioWorklet = {
    addModule: async (url: string) => {
      this.added.push(url);
      const text = url.startsWith("blob:") ? await resolveObjectURL(url)!.text() : processorText;
      this.#Processor = register(text);
    },
  };

  start(options: { processorOptions: ProcessorOptions }): FakePort {
    const processor = new this.#Processor!({ processorOptions: structuredClone0(options) });
    this.processor = processor;
    const port = new FakePort(processor.port);
    (processor.port as { postMessage: unknown }).postMessage = (message: FromProcessor) =>
      port.onmessage?.({ data: structuredClone(message) });
    return port;
  }

  /** Runs a signal block by block and gives what comes out. */
  render(signal: Float32Array, block = BLOCK): Float32Array {
    const output = new Float32Array(signal.length);
    for (let at = 0; at < signal.length; at += block) {
      const channel = new Float32Array(Math.min(block, signal.length - at));
      this.processor!.process([[signal.subarray(at, at + channel.length)]], [[channel]]);
      output.set(channel, at);
    }
    return output;
  }
}

/** Cloning of modules is the browsers' business. */
function structuredClone0({ processorOptions }: { processorOptions: ProcessorOptions }) {
  const { module, shared, ...rest } = processorOptions;
  return { ...structuredClone(rest), module, shared };
}

class FakePort {
  onmessage: ((event: { data: unknown }) => void) | undefined;
  readonly #processor: MessagePort;

  constructor(processor: MessagePort) {
    this.#processor = processor;
  }

  postMessage(message: unknown): void {
    this.#processor.onmessage!({ data: message } as MessageEvent);
  }
}

export class FakeNode {
  readonly port: FakePort;
  readonly context = { state: "running" };
  isConnected = true;
  #onFailure: (() => void) | undefined;

  constructor(context: FakeContext, name: string, options: { processorOptions: ProcessorOptions }) {
    if (name !== "lmu-wasm") throw new Error(`no processor ${name}`);
    this.port = context.start(options);
  }

  addEventListener(_: string, listener: () => void): void {
    this.#onFailure = listener;
  }

  /** What a browser does when the processor throws. */
  fail(): void {
    this.#onFailure?.();
  }

  disconnect(): void {
    this.isConnected = false;
  }
}
