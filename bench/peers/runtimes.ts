import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** What of onnxruntime is used, on the web and in Node alike. */
export interface Onnx {
  readonly Tensor: new (
    type: "float32" | "int64",
    values: Float32Array | BigInt64Array,
    dims: readonly number[],
  ) => OnnxTensor;
  readonly InferenceSession: {
    create(bytes: Uint8Array, options: object): Promise<OnnxSession>;
  };
  readonly env: { wasm?: { numThreads?: number }; logLevel?: string };
}

export interface OnnxTensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

export type Feeds = Record<string, OnnxTensor>;

export interface OnnxSession {
  run(feeds: Feeds): Promise<Feeds>;
}

/** An onnxruntime on one thread. */
export interface Runtime {
  readonly name: string;
  readonly onnx: Onnx;
  open(bytes: Uint8Array): Promise<OnnxSession>;
}

const peers = createRequire(resolve("bench/peers/package.json"));

/** A package of bench/peers. */
export async function peer<T>(name: string): Promise<T> {
  const found = (await import(pathToFileURL(peers.resolve(name)).href)) as { default?: T } & T;
  return found.default && "InferenceSession" in Object(found.default) ? found.default : found;
}

/** onnxruntime-web, as pages and transformers.js run it, and onnxruntime-node, which is native. */
export async function runtimes(): Promise<Runtime[]> {
  const web = await peer<Onnx>("onnxruntime-web");
  web.env.wasm!.numThreads = 1;
  const native = await peer<Onnx>("onnxruntime-node");
  const threads = { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 };
  const open = (onnx: Onnx, provider: string) => (bytes: Uint8Array) =>
    onnx.InferenceSession.create(bytes, { ...threads, executionProviders: [provider] });
  return [
    { name: "onnxruntime-web", onnx: web, open: open(web, "wasm") },
    { name: "onnxruntime-node", onnx: native, open: open(native, "cpu") },
  ];
}
