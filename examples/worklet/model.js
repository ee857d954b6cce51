/*
 * Networks that need no training: a Legendre memory of the last moments of a sound, and weights that read something out
 * of it.
 */
/* global Blob, TextEncoder */
import { decoder } from "lmu-wasm/legendre";

/** What to read: for sample i of the `hop` that a frame gives, f64[order]. Times are in samples. */
export const READOUTS = {
  past: {
    name: "past: the sound as it was",
    weights: (shape, i) => read(shape, shape.window - 1 - i),
  },
  comb: {
    name: "comb: past and present together",
    weights: (shape, i) => {
      const [past, now] = [read(shape, shape.window - 1 - i), read(shape, shape.hop - 1 - i)];
      return past.map((weight, n) => (weight + now[n]) / 2);
    },
  },
  mean: {
    name: "mean: all that is remembered, averaged",
    // The first Legendre polynomial is constant, so the first coefficient is the mean.
    weights: ({ order }) => Float64Array.from({ length: order }, (_, n) => (n === 0 ? 1 : 0)),
  },
};

/** Weights that read the sample `ago` samples back: the memory is a curve, so times between its steps do as well. */
function read({ order, window }, ago) {
  return decoder(order, [(ago + 1 / 2) / window]);
}

/**
 * A model file: frames of `hop` samples in, as many samples out.
 *
 * @param {{ order: number, window: number, hop: number }} shape - coefficients; samples remembered; samples per frame,
 *   whose mean is one step of the memory
 * @param {keyof typeof READOUTS} readout
 * @returns {Blob} a native lmu-wasm file
 */
export function modelOf(shape, readout) {
  const { order, window, hop } = shape;
  const layers = [
    { name: "memory", type: "lmu", order, theta: window / hop },
    { name: "readout", type: "dense" },
  ];
  const rows = Array.from({ length: hop }, (_, i) => [...READOUTS[readout].weights(shape, i)]);
  const tensors = {
    "memory.encoder.input": { shape: [1, hop], values: Array(hop).fill(1 / hop) },
    "readout.weight": { shape: [hop, order], values: rows.flat() },
  };
  return safetensors({ version: 1, input: { width: hop }, layers }, tensors);
}

/** Length of the header, header, numbers: that is all there is to the format. */
function safetensors(description, tensors) {
  const header = { __metadata__: { "lmu-wasm": JSON.stringify(description) } };
  let end = 0;
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    header[name] = { dtype: "F32", shape, data_offsets: [end, (end += 4 * values.length)] };
  }
  const json = JSON.stringify(header);
  const bytes = new TextEncoder().encode(json.padEnd(8 * Math.ceil(json.length / 8)));
  const numbers = Object.values(tensors).map(({ values }) => Float32Array.from(values));
  return new Blob([BigUint64Array.of(BigInt(bytes.length)), bytes, ...numbers]);
}
