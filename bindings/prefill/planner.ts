import { pad4 } from "../facts/bytes.js";
import type { Address } from "../plan/address.js";
import type { Builder, Planner } from "../plan/builder.js";
import type { Remembered } from "../plan/prefill.js";
import { type Choice, choose } from "./choice.js";
import type { Sizes } from "./cost.js";
import { twiddlesOf } from "./fourier.js";
import { responses } from "./system.js";
import {
  acrossOf,
  isLittleLeft,
  liftedOf,
  readMatrix,
  spectraOf,
  systemOf,
  tapsOf,
  writePanels,
} from "./tables.js";

/** Rows that a product of chunks takes at a time: enough for it to run at full speed. */
const COPIES = 16;

/** Reader in assembly/layers/prefill.ts. */
const READERS = ["newest", "rows", "dense", "memoryAttention"] as const;

/** Plans every memory in the form that costs least; those for which that is stepping, as they are. */
export const planner: Planner = (b, clock, add) => {
  b.program.within("prefill", clock, () => {
    const remembered = add();
    const choice = choiceFor(remembered);
    if (!choice || !b.weights.hasRoom(choice.floats)) return undefined;
    const { form, chunk, parts, block, multiplyAdds, least } = choice;
    const taps = form === "convolution" ? parts * block : undefined;
    b.prefills.set(remembered.layer, { form, chunk, taps, least, multiplyAdds });
    return fieldsOf(b, remembered, choice);
  });
};

function sizesOf({ order, channels, reader }: Remembered): Sizes {
  const isShared = reader.by !== "dense";
  const outputs = "outputs" in reader ? reader.outputs : order;
  return { order, channels, outputs, isShared };
}

function choiceFor(remembered: Remembered): Choice | undefined {
  const { order, channels, theta, reader } = remembered;
  const isNewest = reader.by === "newest";
  const canProject = "weights" in reader;
  // Rows of several memories stand side by side, and vectors of them must not overlap.
  const isEven = reader.by === "rows" && (order % 4 === 0 || channels === 1);
  return choose(sizesOf(remembered), isNewest, canProject, reader.by === "dense" || isEven, theta);
}

/** Reserves what the form needs, and has it filled when the weights are there. */
function fieldsOf(b: Builder, remembered: Remembered, choice: Choice) {
  const { order, channels, reader, scratch } = remembered;
  const { chunk: L, form, least } = choice;
  const width = order + L;
  const outputs = "outputs" in reader ? reader.outputs : 0;
  const isProjected = form === "projection";
  const ofChannels = reader.by === "dense" ? channels : 1;
  const acrossAt = b.weights.reserve(pad4(order) * width);
  const rows = isProjected ? L * outputs : 0;
  const liftedAt = b.weights.reserve(rows * ofChannels * width);
  const bias = b.weights.reserve(rows);
  const copies = Math.max(b.capacity.streams, reader.by === "dense" ? COPIES : 1);
  // Dot products read rows up to a multiple of four.
  const yRows = reader.by === "dense" ? copies : copies * channels + 3;
  const places = b.scratch(...scratch, copies * channels * width, yRows * rows);
  b.afterwards.push((memory) => {
    const system = systemOf(memory, remembered);
    writePanels(memory, acrossAt, acrossOf(system, L), width);
    if (!isProjected || !("weights" in reader)) return;
    // Rows beyond are padding.
    const W = readMatrix(memory, reader.weights).subarray(0, outputs * ofChannels * order);
    writePanels(memory, liftedAt, liftedOf(system, W, channels, L), ofChannels * width);
    if (reader.by === "dense" || !reader.bias) return;
    const from = memory.at(reader.bias) / 4;
    const biases = memory.floats.slice(from, from + outputs);
    for (let k = 0; k < L; k++) memory.floats.set(biases, memory.at(bias) / 4 + k * outputs);
  });
  return {
    reader: READERS.indexOf(reader.by),
    least,
    chunk: L,
    across: b.program.matrix(acrossAt, pad4(order), width),
    lifted: isProjected ? b.program.matrix(liftedAt, rows, ofChannels * width) : 0,
    bias,
    outputs,
    copies,
    x: places.at(-2)!,
    y: places.at(-1)!,
    convolved: form === "convolution" ? convolvedOf(b, remembered, choice) : 0,
    unread: 0,
  };
}

/** The record of the convolutions, its tables and its buffers. */
function convolvedOf(b: Builder, remembered: Remembered, choice: Choice): Address {
  const { order, channels, reader, clock } = remembered;
  const { block: B, parts: K, least } = choice;
  const { streams } = b.capacity;
  const { outputs, isShared } = sizesOf(remembered);
  const inputs = isShared ? 1 : channels;
  const most = Math.ceil(clock.capacity(b.capacity) / streams);
  const steps = Math.ceil(most / B) * B;
  const taps = b.weights.reserve(Math.ceil(outputs / 8) * 16 * B * K * inputs);
  const twiddles = b.weights.reserve(4 * B);
  b.afterwards.push((memory) => {
    const system = systemOf(memory, remembered);
    const W = "weights" in reader ? readMatrix(memory, reader.weights) : identity(order);
    const left = responses(system, 2 * K * B);
    const ofTaps = tapsOf(left.subarray(0, left.length / 2), W, order);
    memory.floats.set(spectraOf(ofTaps, outputs, inputs, B, K), memory.at(taps) / 4);
    memory.floats.set(twiddlesOf(2 * B), memory.at(twiddles) / 4);
    // How far taps reach is known of zoh alone: bilinear and Euler's rule keep some of the fastest decays for long.
    memory.floats[memory.at(twiddles) / 4] = Number(isLittleLeft(left, order));
  });
  return b.program.part("convolved", {
    least,
    block: B,
    parts: K,
    inputs,
    outputs,
    steps,
    taps,
    twiddles,
    past: b.buffer(streams * channels * (K * B + steps)),
    spectra: b.buffer((K - 1 + steps / B) * Math.ceil((streams * channels) / 4) * 16 * B),
    work: b.buffer(16 * B + K * inputs),
    seen: 0,
    isLost: 1,
  });
}

function identity(order: number): Float64Array {
  const I = new Float64Array(order ** 2);
  for (let i = 0; i < order; i++) I[i * order + i] = 1;
  return I;
}
