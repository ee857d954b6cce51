import { Buffer } from "node:buffer";

/*
 * Just enough of ONNX to write networks: fields of protocol buffers, by the numbers of onnx.proto.
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */

const [FLOAT, INT8, INT64] = [1, 3, 7];
/** DataType of an array. */
const typeOf = (/** @type {ArrayBufferView} */ values) =>
  values instanceof Float32Array ? FLOAT : values instanceof Int8Array ? INT8 : INT64;
/** Types of attributes: FLOAT, INT, STRING, GRAPH, INTS. */
const KINDS = { float: 1, int: 2, string: 3, graph: 5, ints: 7 };

/**
 * Field of a protocol buffer: a number as varint, anything else with its length in front.
 *
 * @param {number} number
 * @param {number | string | Uint8Array} value
 */
function field(number, value) {
  if (typeof value === "number") return Buffer.concat([varint(number << 3), varint(value)]);
  const bytes = Buffer.from(/** @type {Uint8Array} */ (value));
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

/** @param {number} value - from 0 */
function varint(value) {
  const bytes = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return Buffer.from([...bytes, value]);
}

/**
 * TensorProto: dims 1, data_type 2, name 8, raw_data 9.
 *
 * @param {string} name
 * @param {readonly number[]} dims
 * @param {Float32Array | Int8Array | BigInt64Array} values
 */
export function tensor(name, dims, values) {
  const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const shape = dims.map((length) => field(1, length));
  return Buffer.concat([...shape, field(2, typeOf(values)), field(8, name), field(9, raw)]);
}

/** An int64 tensor, as shapes and axes are given. @param {string} name @param {readonly number[]} values */
export function integers(name, values) {
  return tensor(name, [values.length], BigInt64Array.from(values, BigInt));
}

/**
 * ValueInfoProto: name 1, type 2 { tensor_type 1 { elem_type 1, shape 2 { dim 1 { value 1, param 2 } } } }.
 *
 * @param {string} name
 * @param {readonly (number | string)[]} dims - a name for a length that is not fixed
 */
export function value(name, dims, type = FLOAT) {
  const shape = dims.map((dim) => field(1, field(typeof dim === "number" ? 1 : 2, dim)));
  const tensorType = Buffer.concat([field(1, type), field(2, Buffer.concat(shape))]);
  return Buffer.concat([field(1, name), field(2, field(1, tensorType))]);
}

/** An int64 input. @param {string} name @param {readonly (number | string)[]} dims */
export const indices = (name, dims) => value(name, dims, INT64);

/**
 * NodeProto: input 1, output 2, op_type 4, attribute 5.
 *
 * @param {string} type
 * @param {readonly string[]} inputs
 * @param {readonly string[]} outputs
 * @param {Readonly<Record<string, unknown>>} attributes - integers, lists of them, texts, graphs; floats as { float }
 */
export function node(type, inputs, outputs, attributes = {}) {
  return Buffer.concat([
    ...inputs.map((name) => field(1, name)),
    ...outputs.map((name) => field(2, name)),
    field(4, type),
    ...Object.entries(attributes).map(([name, given]) => field(5, attribute(name, given))),
  ]);
}

/** AttributeProto: name 1, f 2, i 3, s 4, g 6, ints 8, type 20. @param {string} name @param {any} given */
function attribute(name, given) {
  const typed = (/** @type {number} */ type, /** @type {Buffer[]} */ ...fields) =>
    Buffer.concat([field(1, name), ...fields, field(20, type)]);
  if (typeof given === "number") return typed(KINDS.int, field(3, given));
  if (typeof given === "string") return typed(KINDS.string, field(4, given));
  if (Buffer.isBuffer(given)) return typed(KINDS.graph, field(6, given));
  if (Array.isArray(given)) return typed(KINDS.ints, ...given.map((one) => field(8, one)));
  const bytes = Buffer.alloc(5, (2 << 3) | 5);
  bytes.writeFloatLE(given.float, 1);
  return typed(KINDS.float, bytes);
}

/**
 * GraphProto: node 1, name 2, initializer 5, input 11, output 12.
 *
 * @param {{ nodes: Buffer[], weights?: Buffer[], inputs: Buffer[], outputs: Buffer[] }} parts
 */
export function graph({ nodes, weights = [], inputs, outputs }) {
  return Buffer.concat([
    ...nodes.map((one) => field(1, one)),
    field(2, "network"),
    ...weights.map((one) => field(5, one)),
    ...inputs.map((one) => field(11, one)),
    ...outputs.map((one) => field(12, one)),
  ]);
}

/** ModelProto: ir_version 1, graph 7, opset_import 8 { version 2 }. @param {Buffer} network @returns {Uint8Array} */
export function model(network, opset = 17) {
  return new Uint8Array(Buffer.concat([field(1, 8), field(7, network), field(8, field(2, opset))]));
}
