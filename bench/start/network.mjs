import { graph, model, node, tensor, value } from "../peers/onnx.mjs";

/*
 * The network that the other runtimes load: 1 input, 32 hidden units with tanh, 1 output, 97 weights; an ONNX file of
 * about 700 bytes. What it computes hardly matters: nearly all of a start is the runtime's own.
 */

export const HIDDEN = 32;
const weights = (scale) => Float32Array.from({ length: HIDDEN }, (_, i) => (scale * (i - 16)) / 16);
export const NETWORK = { encoder: weights(1), bias: weights(0.5), readout: weights(0.1) };

/** The network as ONNX. */
export function onnxFile() {
  const { encoder, bias, readout } = NETWORK;
  return model(
    graph({
      nodes: [
        node("MatMul", ["x", "encoder"], ["a"]),
        node("Add", ["a", "bias"], ["b"]),
        node("Tanh", ["b"], ["h"]),
        node("MatMul", ["h", "readout"], ["y"]),
      ],
      weights: [
        tensor("encoder", [1, HIDDEN], encoder),
        tensor("bias", [1, HIDDEN], bias),
        tensor("readout", [HIDDEN, 1], readout),
      ],
      inputs: [value("x", [1, 1])],
      outputs: [value("y", [1, 1])],
    }),
  );
}
