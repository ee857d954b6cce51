import { discretize } from "../../bindings/legendre.js";
import { load } from "../../bindings/index.js";
import { Random } from "../../test/support/random.js";
import { fileFor, makeWeights } from "../model.js";
import { Twin, type TwinWeights } from "../twin.js";
import { graph, model, node, tensor, value } from "./onnx.mjs";
import type { Contender } from "./rounds.js";
import { peer, type Runtime } from "./runtimes.js";

/*
 * An LMU of one channel with a simple recurrent cell: m ← A m + B x, h ← tanh(Wm m + Wh h + Wx x + b).
 */

/** Rows of a matrix as columns. */
function transposed(matrix: ArrayLike<number>, rows: number, columns: number): Float32Array {
  return Float32Array.from(
    { length: rows * columns },
    (_, i) => matrix[(i % rows) * columns + Math.floor(i / rows)]!,
  );
}

export function tensorsOf({ order, theta, units, ...w }: TwinWeights) {
  const { A, B } = discretize(order, theta);
  return {
    A: [[order, order], transposed(A, order, order)],
    B: [[1, order], Float32Array.from(B, (b) => b * w.encoder[0]!)],
    Wm: [[order, units], transposed(w.memory, units, order)],
    Wh: [[units, units], transposed(w.recurrent, units, units)],
    Wx: [[1, units], w.input],
    b: [[1, units], w.bias],
  } satisfies Record<string, [number[], Float32Array]>;
}

/** The step: x, m, h → n (the memory after it), g (the hidden state). */
export const STEP = [
  node("MatMul", ["m", "A"], ["Am"]),
  node("MatMul", ["x", "B"], ["Bx"]),
  node("Add", ["Am", "Bx"], ["n"]),
  node("MatMul", ["n", "Wm"], ["read"]),
  node("MatMul", ["h", "Wh"], ["kept"]),
  node("MatMul", ["x", "Wx"], ["heard"]),
  node("Add", ["read", "kept"], ["two"]),
  node("Add", ["heard", "b"], ["one"]),
  node("Add", ["two", "one"], ["all"]),
  node("Tanh", ["all"], ["g"]),
];

export const initializers = (weights: TwinWeights) =>
  Object.entries(tensorsOf(weights)).map(([name, [dims, values]]) => tensor(name, dims, values));

function stepFile(weights: TwinWeights): Uint8Array {
  const { order, units } = weights;
  return model(
    graph({
      nodes: STEP,
      weights: initializers(weights),
      inputs: [value("x", [1, 1]), value("m", [1, order]), value("h", [1, units])],
      outputs: [value("n", [1, order]), value("g", [1, units])],
    }),
  );
}

const STEPS = 100;

/** One sample after another, each answer awaited. */
export async function lmuSteps(
  order: number,
  units: number,
  theta: number,
  runtimes: readonly Runtime[],
) {
  const weights = makeWeights(order, units, theta);
  const signal = new Random(2).floats(STEPS);
  const contenders = [await ourSteps(weights, signal)];
  for (const runtime of runtimes) contenders.push(await onnxSteps(runtime, weights, signal));
  contenders.push(await tensorflowSteps(weights, signal), plainSteps(weights, signal));
  return contenders;
}

async function ourSteps(weights: TwinWeights, signal: Float32Array): Promise<Contender> {
  const stream = (await load(fileFor(weights))).stream();
  const output = new Float32Array(weights.units);
  const run = () => {
    stream.reset();
    for (const sample of signal) stream.step(sample, output);
    return output;
  };
  return { name: "lmu-wasm", count: signal.length, run };
}

async function onnxSteps(
  runtime: Runtime,
  weights: TwinWeights,
  signal: Float32Array,
): Promise<Contender> {
  const session = await runtime.open(stepFile(weights));
  const { Tensor } = runtime.onnx;
  const zeros = (size: number) => new Tensor("float32", new Float32Array(size), [1, size]);
  const run = async () => {
    let [m, h] = [zeros(weights.order), zeros(weights.units)];
    for (const sample of signal) {
      const x = new Tensor("float32", Float32Array.of(sample), [1, 1]);
      const { n, g } = await session.run({ x, m, h });
      [m, h] = [n!, g!];
    }
    return h.data;
  };
  return { name: runtime.name, count: signal.length, run };
}

/** What of TensorFlow.js is used. */
interface Tensorflow {
  setBackend(name: string): Promise<boolean>;
  tensor2d(values: Float32Array, shape: readonly number[]): TfTensor;
  zeros(shape: readonly number[]): TfTensor;
  matMul(a: TfTensor, b: TfTensor): TfTensor;
  addN(all: readonly TfTensor[]): TfTensor;
  tanh(x: TfTensor): TfTensor;
  tidy<T>(run: () => T): T;
  dispose(all: readonly TfTensor[]): void;
}

interface TfTensor {
  data(): Promise<Float32Array>;
}

async function tensorflowSteps(weights: TwinWeights, signal: Float32Array): Promise<Contender> {
  const tf = await peer<Tensorflow>("@tensorflow/tfjs");
  const { setThreadsCount } = await peer<{ setThreadsCount(count: number): void }>(
    "@tensorflow/tfjs-backend-wasm",
  );
  setThreadsCount(1);
  await tf.setBackend("wasm");
  const given = Object.entries(tensorsOf(weights));
  const W = Object.fromEntries(
    given.map(([name, [dims, values]]) => [name, tf.tensor2d(values, dims)]),
  );
  const step = (sample: number, m: TfTensor, h: TfTensor) =>
    tf.tidy(() => {
      const x = tf.tensor2d(Float32Array.of(sample), [1, 1]);
      const n = tf.addN([tf.matMul(m, W["A"]!), tf.matMul(x, W["B"]!)]);
      const parts = [
        tf.matMul(n, W["Wm"]!),
        tf.matMul(h, W["Wh"]!),
        tf.matMul(x, W["Wx"]!),
        W["b"]!,
      ];
      return [n, tf.tanh(tf.addN(parts))] as const;
    });
  const run = async () => {
    let state: readonly [TfTensor, TfTensor] = [
      tf.zeros([1, weights.order]),
      tf.zeros([1, weights.units]),
    ];
    let output = new Float32Array();
    for (const sample of signal) {
      const next = step(sample, ...state);
      tf.dispose(state);
      state = next;
      output = (await next[1].data()) as typeof output;
    }
    tf.dispose(state);
    return output;
  };
  return { name: "TensorFlow.js wasm", count: signal.length, run };
}

export function plainSteps(weights: TwinWeights, signal: Float32Array): Contender {
  const run = () => {
    const twin = new Twin(weights);
    let output = new Float32Array();
    for (const sample of signal) output = twin.step(sample) as typeof output;
    return output;
  };
  return { name: "plain JavaScript", count: signal.length, run };
}
