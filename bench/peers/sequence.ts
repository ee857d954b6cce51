import { load } from "../../bindings/index.js";
import { Random } from "../../test/support/random.js";
import { fileFor, makeWeights } from "../model.js";
import type { TwinWeights } from "../twin.js";
import { initializers, plainSteps, STEP, tensorsOf } from "./lmu.js";
import { graph, model, node, value } from "./onnx.mjs";
import { pytorch } from "./pytorch.js";
import type { Contender } from "./rounds.js";
import type { Runtime } from "./runtimes.js";

/*
 * Whole sequences of the LMU of lmu.ts, alone and in batches.
 */

/** All steps by a Scan, whose body is the step. */
function sequenceFile(weights: TwinWeights, steps: number): Uint8Array {
  const { order, units } = weights;
  const body = graph({
    nodes: [...STEP, node("Identity", ["g"], ["row"])],
    inputs: [value("m", [1, order]), value("h", [1, units]), value("x", [1, 1])],
    outputs: [value("n", [1, order]), value("g", [1, units]), value("row", [1, units])],
  });
  return model(
    graph({
      nodes: [node("Scan", ["m0", "h0", "xs"], ["m1", "h1", "rows"], { body, num_scan_inputs: 1 })],
      weights: initializers(weights),
      inputs: [value("m0", [1, order]), value("h0", [1, units]), value("xs", [steps, 1, 1])],
      outputs: [value("m1", [1, order]), value("h1", [1, units]), value("rows", [steps, 1, units])],
    }),
  );
}

/** A whole sequence at once, our memory step by step or many steps at a time; the last row is compared. */
export async function lmuSequence(
  order: number,
  units: number,
  steps: number,
  prefill: "exact" | "parallel",
  runtimes: readonly Runtime[],
) {
  const weights = makeWeights(order, units, steps);
  const signal = new Random(2).floats(steps);
  const last = (rows: Float32Array) => rows.slice(-units);
  const ours = await load(fileFor(weights), { prefill });
  const contenders: Contender[] = [
    { name: "lmu-wasm", count: 1, run: () => last(ours.run(signal)) },
  ];
  for (const runtime of runtimes) {
    const session = await runtime.open(sequenceFile(weights, steps));
    const { Tensor } = runtime.onnx;
    const feeds = {
      m0: new Tensor("float32", new Float32Array(order), [1, order]),
      h0: new Tensor("float32", new Float32Array(units), [1, units]),
      xs: new Tensor("float32", signal, [steps, 1, 1]),
    };
    const run = async () => last((await session.run(feeds))["rows"]!.data);
    contenders.push({ name: runtime.name, count: 1, run });
  }
  contenders.push(...native(weights, steps, signal), { ...plainSteps(weights, signal), count: 1 });
  return contenders;
}

/** Many whole sequences: here step by step and many steps at a time, beside PyTorch. The last rows are compared. */
export async function lmuBatch(order: number, units: number, steps: number, batch: number) {
  const weights = makeWeights(order, units, steps);
  const signals = new Random(2).floats(batch * steps);
  const file = fileFor(weights);
  const output = new Float32Array(batch * steps * units);
  const ours = async (name: string, prefill: "exact" | "parallel"): Promise<Contender> => {
    const model = await load(file, { prefill });
    const run = () => {
      model.run(signals, { batch, output });
      const row = (i: number) => output.subarray((i + 1) * steps * units - units);
      return Float32Array.from(
        { length: batch * units },
        (_, i) => row((i / units) | 0)[i % units]!,
      );
    };
    return { name, count: batch, run };
  };
  return [
    await ours("lmu-wasm", "parallel"),
    await ours("lmu-wasm, exact", "exact"),
    ...native(weights, steps, signals),
  ];
}

/** PyTorch on [batch][steps] samples. */
function native(weights: TwinWeights, steps: number, signals: Float32Array): Contender[] {
  const { A, B, Wm, Wh, Wx, b } = tensorsOf(weights);
  const arrays = [...[A, B, Wm, Wh, Wx, b].map(([, values]) => values as Float32Array), signals];
  const { order, units } = weights;
  return pytorch({ order, units, steps, batch: signals.length / steps, arrays });
}
