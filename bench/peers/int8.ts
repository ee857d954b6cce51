import { load } from "../../bindings/index.js";
import { fileOf, makeUp } from "../../test/support/models.js";
import { Random } from "../../test/support/random.js";
import { graph, model, node, tensor, value } from "./onnx.mjs";
import type { Contender } from "./rounds.js";
import type { Runtime } from "./runtimes.js";

/*
 * A dense layer whose weights are int8, a scale a row, and whose input is rounded to 8 bits when it comes: the nodes that
 * onnxruntime.quantization.quantize_dynamic(per_channel=True) writes for a MatMul, which onnxruntime fuses into one.
 */

/** Largest difference, of the largest output: both round inputs to 8 bits, theirs between least and most, ours around zero. */
export const INT8_TOLERANCE = 0.02;

/** A matrix times one vector. */
export async function int8(size: number, runtimes: readonly Runtime[]): Promise<Contender[]> {
  const made = makeUp({ width: size }, [{ name: "l", type: "dense" }], {
    "l.weight": [size, size],
  });
  const weights = made.tensors.get("l.weight")!.values;
  const x = new Random(2).floats(size);
  const stream = (await load(fileOf(made), { weights: "int8" })).stream();
  const output = new Float32Array(size);
  const contenders: Contender[] = [
    { name: "lmu-wasm", count: 1, run: () => stream.step(x, output) },
  ];
  const file = fileOfOnnx(size, Float32Array.from(weights));
  for (const { name, onnx, open } of runtimes) {
    const session = await open(file);
    const run = async () => {
      const found = await session.run({ x: new onnx.Tensor("float32", x, [1, size]) });
      return found["y"]!.data;
    };
    contenders.push({ name, count: 1, run });
  }
  return contenders;
}

function fileOfOnnx(size: number, weights: Float32Array): Uint8Array {
  const W = new Int8Array(size * size);
  const scales = new Float32Array(size);
  for (let row = 0; row < size; row++) {
    const values = weights.subarray(row * size, (row + 1) * size);
    const scale = values.reduce((most, one) => Math.max(most, Math.abs(one)), 0) / 127;
    scales[row] = scale;
    // As columns: x W.
    values.forEach((one, i) => (W[i * size + row] = Math.round(one / scale)));
  }
  return model(
    graph({
      nodes: [
        node("DynamicQuantizeLinear", ["x"], ["xq", "x_scale", "x_zero"]),
        node("MatMulInteger", ["xq", "W", "x_zero", "W_zero"], ["integers"]),
        node("Cast", ["integers"], ["floats"], { to: 1 }),
        node("Mul", ["x_scale", "W_scale"], ["scale"]),
        node("Mul", ["floats", "scale"], ["y"]),
      ],
      weights: [
        tensor("W", [size, size], W),
        tensor("W_zero", [size], new Int8Array(size)),
        tensor("W_scale", [size], scales),
      ],
      inputs: [value("x", [1, size])],
      outputs: [value("y", [1, size])],
    }),
  );
}
