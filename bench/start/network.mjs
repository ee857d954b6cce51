/*
 * The network that the other runtimes load: 1 input, 32 hidden units with tanh, 1 output, 97 weights; an ONNX file of
 * about 700 bytes. What it computes hardly matters: nearly all of a start is the runtime's own.
 */

export const HIDDEN = 32;
const weights = (scale) => Float32Array.from({ length: HIDDEN }, (_, i) => (scale * (i - 16)) / 16);
export const NETWORK = { encoder: weights(1), bias: weights(0.5), readout: weights(0.1) };

/** Field of a protocol buffer: a number as varint, anything else with its length in front. */
function field(number, value) {
  if (typeof value === "number") return [...varint(number << 3), ...varint(value)];
  const bytes = typeof value === "string" ? [...value].map((c) => c.charCodeAt(0)) : value;
  return [...varint((number << 3) | 2), ...varint(bytes.length), ...bytes];
}

function varint(value) {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}

const FLOAT = 1;

/** TensorProto: dims 1, data_type 2, name 8, raw_data 9. */
function tensor(name, dims, values) {
  const raw = [...new Uint8Array(values.buffer)];
  return [
    ...dims.flatMap((d) => field(1, d)),
    ...field(2, FLOAT),
    ...field(8, name),
    ...field(9, raw),
  ];
}

/** ValueInfoProto of a float matrix: name 1, type 2 { tensor_type 1 { elem_type 1, shape 2 { dim 1 { value 1 } } } }. */
function value(name, dims) {
  const shape = dims.flatMap((d) => field(1, field(1, d)));
  return [...field(1, name), ...field(2, field(1, [...field(1, FLOAT), ...field(2, shape)]))];
}

/** NodeProto: input 1, output 2, op_type 4. */
function node(type, inputs, output) {
  return [...inputs.flatMap((name) => field(1, name)), ...field(2, output), ...field(4, type)];
}

/** The network as ONNX: ModelProto with ir_version 1, graph 7 and opset_import 8. */
export function onnxFile() {
  const { encoder, bias, readout } = NETWORK;
  const graph = [
    ...field(1, node("MatMul", ["x", "encoder"], "a")),
    ...field(1, node("Add", ["a", "bias"], "b")),
    ...field(1, node("Tanh", ["b"], "h")),
    ...field(1, node("MatMul", ["h", "readout"], "y")),
    ...field(2, "network"),
    ...field(5, tensor("encoder", [1, HIDDEN], encoder)),
    ...field(5, tensor("bias", [1, HIDDEN], bias)),
    ...field(5, tensor("readout", [HIDDEN, 1], readout)),
    ...field(11, value("x", [1, 1])),
    ...field(12, value("y", [1, 1])),
  ];
  return Uint8Array.from([...field(1, 8), ...field(7, graph), ...field(8, field(2, 17))]);
}
