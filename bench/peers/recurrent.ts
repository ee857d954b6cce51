import { load } from "../../bindings/index.js";
import { fileOf, makeUp } from "../../test/support/models.js";
import { Random } from "../../test/support/random.js";
import { graph, model, node, tensor, value } from "./onnx.mjs";
import type { Contender } from "./rounds.js";
import type { OnnxTensor, Runtime } from "./runtimes.js";

/** Where gates of ONNX stand among ours: ours are input, forget, cell, output; update, reset, new. */
const ORDER = { lstm: [0, 3, 1, 2], gru: [0, 1, 2] } as const;

const STEPS = 64;

/** A layer of as many inputs as units: step by step, or a chunk of 64 at once. */
export async function recurrent(
  type: "lstm" | "gru",
  units: number,
  how: "steps" | "chunk",
  runtimes: readonly Runtime[],
): Promise<Contender[]> {
  const gates = ORDER[type].length * units;
  const made = makeUp({ width: units }, [{ name: "layer", type }], {
    "layer.input": [gates, units],
    "layer.recurrent": [gates, units],
    "layer.bias": [gates],
    ...(type === "gru" && { "layer.recurrent_bias": [units] }),
  });
  const values = (role: string) =>
    Float32Array.from(made.tensors.get(`layer.${role}`)?.values ?? new Float32Array(units));
  const signal = new Random(2).floats(STEPS * units);
  const stream = (await load(fileOf(made))).stream();
  const samples = Array.from({ length: STEPS }, (_, t) => signal.slice(t * units, (t + 1) * units));
  const output = new Float32Array(units);
  const ours = () => {
    stream.reset();
    if (how === "chunk") return stream.push(signal).slice(-units);
    for (const sample of samples) stream.step(sample, output);
    return output;
  };
  const contenders: Contender[] = [{ name: "lmu-wasm", count: STEPS, run: ours }];
  const chunk = how === "chunk" ? STEPS : 1;
  const file = fileOfOnnx(type, units, chunk, values);
  for (const runtime of runtimes)
    contenders.push(await theirs(runtime, file, type, units, chunk, signal));
  return contenders;
}

function fileOfOnnx(
  type: "lstm" | "gru",
  units: number,
  steps: number,
  values: (role: string) => Float32Array,
): Uint8Array {
  const count = ORDER[type].length;
  /** Blocks of rows in the order of ONNX. */
  const ordered = (all: Float32Array) => {
    const size = all.length / count;
    const blocks = ORDER[type].flatMap((gate) => [...all.subarray(gate * size, (gate + 1) * size)]);
    return Float32Array.from(blocks);
  };
  const inner = new Float32Array(count * units);
  if (type === "gru") inner.set(values("recurrent_bias"), 2 * units);
  const bias = Float32Array.of(...ordered(values("bias")), ...inner);
  const state = type === "lstm" ? ["h", "c"] : ["h"];
  const states = (suffix: string) => state.map((name) => value(name + suffix, [1, 1, units]));
  const more = type === "gru" ? { linear_before_reset: 1 } : {};
  return model(
    graph({
      nodes: [
        node(
          type.toUpperCase(),
          ["x", "W", "R", "B", "", ...state],
          ["y", ...state.map((name) => `${name}1`)],
          { hidden_size: units, ...more },
        ),
      ],
      weights: [
        tensor("W", [1, count * units, units], ordered(values("input"))),
        tensor("R", [1, count * units, units], ordered(values("recurrent"))),
        tensor("B", [1, 2 * count * units], bias),
      ],
      inputs: [value("x", [steps, 1, units]), ...states("")],
      outputs: [value("y", [steps, 1, 1, units]), ...states("1")],
    }),
  );
}

async function theirs(
  runtime: Runtime,
  file: Uint8Array,
  type: "lstm" | "gru",
  units: number,
  chunk: number,
  signal: Float32Array,
): Promise<Contender> {
  const session = await runtime.open(file);
  const { Tensor } = runtime.onnx;
  const zero = () => new Tensor("float32", new Float32Array(units), [1, 1, units]);
  const run = async () => {
    let state: Record<string, OnnxTensor> =
      type === "lstm" ? { h: zero(), c: zero() } : { h: zero() };
    for (let t = 0; t < STEPS; t += chunk) {
      const part = signal.subarray(t * units, (t + chunk) * units);
      const x = new Tensor("float32", part, [chunk, 1, units]);
      const found = await session.run({ x, ...state });
      state = Object.fromEntries(Object.keys(state).map((name) => [name, found[`${name}1`]!]));
    }
    return state["h"]!.data;
  };
  return { name: runtime.name, count: STEPS, run };
}
