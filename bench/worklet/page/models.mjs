import { writeNative } from "../../../bindings/formats/native/write.ts";
import { tensorOfValues } from "../../../bindings/tensor.ts";

/** A native file of one LMU layer and a readout of one output, with random weights. */
export function modelOf({ order, units, inputs }) {
  const lmu = { name: "lmu", type: "lmu", order, theta: 4 * order };
  const hidden = { type: "dense", activation: "tanh" };
  const layers = [
    { ...lmu, hidden },
    { name: "out", type: "dense" },
  ];
  const shapes = {
    "lmu.encoder.input": [1, inputs],
    "lmu.hidden.memory": [units, order],
    "lmu.hidden.input": [units, inputs],
    "lmu.hidden.bias": [units],
    "out.weight": [1, units],
  };
  const tensors = new Map(Object.entries(shapes).map(([name, shape]) => [name, random(shape)]));
  const description = { version: 1, input: { width: inputs }, layers };
  return writeNative({ format: "lmu-wasm", description, tensors, notes: [], warnings: [] });
}

function random(shape) {
  const length = shape.reduce((product, size) => product * size, 1);
  const scale = 1 / Math.sqrt(shape.at(-1));
  const values = Float32Array.from({ length }, () => scale * (2 * Math.random() - 1));
  return tensorOfValues(shape, values);
}
