import { fileOf } from "../test/support/models.js";
import { Random } from "../test/support/random.js";
import type { TwinWeights } from "./twin.js";

/** An LMU of one channel with a simple recurrent cell, at random. */
export function makeWeights(order: number, units: number, theta: number): TwinWeights {
  const random = new Random(order);
  return {
    order,
    theta,
    units,
    encoder: Float32Array.of(1),
    memory: random.floats(units * order, 1 / Math.sqrt(order)),
    input: random.floats(units),
    recurrent: random.floats(units * units, 1 / Math.sqrt(units)),
    bias: random.floats(units, 0.1),
  };
}

/** The same as a model file. */
export function fileFor({ order, units, theta, ...w }: TwinWeights): Uint8Array {
  const tensor = (shape: number[], values: Float32Array) => ({ shape, values });
  return fileOf({
    description: {
      version: 1,
      input: { width: 1 },
      layers: [{ name: "lmu", type: "lmu", order, theta, hidden: { type: "rnn" } }],
    },
    tensors: new Map([
      ["lmu.encoder.input", tensor([1, 1], w.encoder)],
      ["lmu.hidden.memory", tensor([units, order], w.memory)],
      ["lmu.hidden.input", tensor([units, 1], w.input)],
      ["lmu.hidden.recurrent", tensor([units, units], w.recurrent)],
      ["lmu.hidden.bias", tensor([units], w.bias)],
    ]),
  });
}

/** An LMU of one channel whose newest memory is the output. */
export function memoryFile(order: number, theta: number): Uint8Array {
  const layers = [
    { name: "lmu", type: "lmu", order, theta },
    { name: "last", type: "last" },
  ] as const;
  return fileOf({ description: { version: 1, input: { width: 1 }, layers }, tensors: new Map() });
}
