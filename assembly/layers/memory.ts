import { addCompensated } from "../kernels/compensate";
import { copyFloats } from "../kernels/copy";
import { addEuler } from "../kernels/euler";
import { settle } from "../kernels/settle";
import { Matrix, Rows } from "../matrix";
import { activate } from "./activation";
import { Gap } from "./gap";
import { Layer, Plan } from "./layer";

/**
 * The Legendre memory: m ← Ā m + B̄ u for every channel (Voelker, Kajić, Eliasmith 2019, equation for m_t).
 *
 * Residual form, when Ā and B̄ come from order and theta: B̄ = e₀ - Ā e₀, so with r = m - e₀ u the update is
 * m ← m + (Ā - I) r. It needs no B̄, keeps a constant input exactly, and is 2 to 30 times more accurate than Ā m + B̄ u.
 * Explicit form, for matrices given by the file: r = (m, u), m ← m + (Ā - I | B̄) r.
 * Long windows: what a step adds falls below half a unit of m, so m is kept in two floats, m and remainder.
 */
@unmanaged
export class Memory extends Layer {
  input: usize = 0; // u, f32[rows][inputStride / 4], one float per channel in use
  inputStride: u32 = 0; // bytes
  output: usize = 0; // m, f32[rows][outputStride / 4]; 0: the layer that follows reads the state
  outputStride: u32 = 0; // bytes
  state: u32 = 0; // m, f32[channels · order]: channel-major, order fastest
  remainder: u32 = 0; // what m is too coarse for, as many floats; 0: not kept
  channels: u32 = 0;
  order: u32 = 0;
  isExplicit: u32 = 0; // 0: residual form
  weights: usize = 0; // Matrix, order × order, with B̄ as one column more in the explicit form
  gap: usize = 0; // Gap: what takes the place of one step
  residual: usize = 0; // r, scratch f32[streams][channels][residualStride / 4]
  residualStride: u32 = 0; // bytes, columns padded
  updated: usize = 0; // scratch f32[streams][channels][padded order]
  inPlace: u32 = 0; // whole vectors, and nothing to do after the product
  activation: usize = 0; // of the new memory; 0 but for LMUCellODE
  gate: usize = 0; // f32[rows][gateStride / 4], 0 but for LMUCellGating: m ← m + D m + gate ∘ (drive u)
  gateStride: u32 = 0; // bytes
  drive: usize = 0; // f32[padded order], B̄ of a gated memory
}

export function runMemory(layer: Memory, plan: Plan, from: u32, to: u32): void {
  if (changetype<Gap>(layer.gap).updates) {
    crossGap(layer, plan, layer.input + from * layer.inputStride);
    const m = plan.state(0, layer.state);
    const to = layer.output ? layer.output + from * layer.outputStride : m;
    return settle(to, m, (layer.channels * layer.order) << 2);
  }
  for (let t = from; t < to; ++t) {
    const first = t * plan.streams;
    writeResiduals(layer, plan, layer.input + first * layer.inputStride);
    if (layer.inPlace) updateInPlace(layer, plan);
    else updateWith(layer, plan, layer.weights, layer.residual, layer.residualStride, first);
    settleRow(layer, plan, first);
  }
}

/** Settles the memories, and copies them to the output row of the first stream and those that follow. */
export function settleRow(layer: Memory, plan: Plan, first: u32): void {
  const used = (layer.channels * layer.order) << 2;
  for (let s: u32 = 0; s < plan.streams; ++s) {
    const m = plan.state(s, layer.state);
    settle(layer.output ? layer.output + (first + s) * layer.outputStride : m, m, used);
  }
}

/** All updates of a gap, of one stream, with one input; 0 for u: without any. */
export function crossGap(layer: Memory, plan: Plan, u: usize): void {
  const matrix = changetype<Matrix>(layer.weights);
  const own = matrix.panels;
  let at = changetype<Gap>(layer.gap).updates;
  for (let update = load<f64>(at); update != 0; update = load<f64>(at)) {
    // Scratch that is free until the product.
    if (!u) memory.fill(layer.updated, 0, layer.channels << 2);
    writeResiduals(layer, plan, u || layer.updated);
    if (update < 0) stepEuler(layer, plan, -update);
    else {
      matrix.panels = <usize>update;
      if (layer.inPlace) updateInPlace(layer, plan);
      else updateWith(layer, plan, layer.weights, layer.residual, layer.residualStride, 0);
    }
    at += 8;
  }
  matrix.panels = own;
}

/** m += scale · A r for every channel of one stream. */
function stepEuler(layer: Memory, plan: Plan, scale: f64): void {
  const order = layer.order << 2;
  let m = plan.state(0, layer.state);
  let r = layer.residual;
  for (let channel: u32 = 0; channel < layer.channels; ++channel) {
    const sum = layer.remainder ? m + layer.remainder - layer.state : m;
    addEuler(sum, r, layer.order, scale);
    if (layer.remainder) addCompensated(m, sum, sum, order);
    m += order;
    r += layer.residualStride;
  }
}

/** r = m - e₀ u, or (m, u), of every channel of every stream. */
function writeResiduals(layer: Memory, plan: Plan, u: usize): void {
  const order = layer.order << 2;
  let r = layer.residual;
  for (let s: u32 = 0; s < plan.streams; ++s) {
    let m = plan.state(s, layer.state);
    for (let channel: u32 = 0; channel < layer.channels; ++channel) {
      const input = load<f32>(u + (channel << 2));
      copyFloats(r, m, order);
      if (layer.isExplicit) store<f32>(r + order, input);
      else if (!layer.gate) store<f32>(r, load<f32>(r) - input);
      m += order;
      r += layer.residualStride;
    }
    u += layer.inputStride;
  }
}

/** m += (Ā - I) r, of all streams or, where a stream has several, of its channels at a time. */
function updateInPlace(layer: Memory, plan: Plan): void {
  const matrix = changetype<Matrix>(layer.weights);
  const stride = layer.residualStride;
  let residual = layer.residual;
  if (layer.channels == 1) {
    for (let s: u32 = 0; s < plan.streams; s += plan.run) {
      const m = plan.span(s, layer.state);
      matrix.product(m, m, Rows.at(residual, stride), min(plan.run, plan.streams - s));
      residual += plan.run * stride;
    }
    return;
  }
  for (let s: u32 = 0; s < plan.streams; ++s) {
    const m = Rows.at(plan.state(s, layer.state), layer.order << 2);
    matrix.product(m, m, Rows.at(residual, stride), layer.channels);
    residual += layer.channels * stride;
  }
}

/**
 * The same for all memories of all streams in one product, and whatever else is to be done to them; with any matrix of as many
 * outputs, and rows of its inputs.
 */
export function updateWith(
  layer: Memory,
  plan: Plan,
  matrix: usize, // Matrix
  inputs: usize, // f32[streams][channels][inputStride / 4]
  inputStride: u32, // bytes
  first: u32, // row of the gates
): void {
  const order = layer.order << 2;
  const padded: u32 = (layer.order + 3) & ~3;
  const stride = padded << 2;
  const count = layer.channels * plan.streams;
  let next = layer.updated;
  for (let s: u32 = 0; s < plan.streams; ++s) {
    let m = plan.state(s, layer.state);
    for (let channel: u32 = 0; channel < layer.channels; ++channel) {
      if (layer.gate) drive(layer, next, m, first + s);
      else copyFloats(next, layer.remainder ? m + layer.remainder - layer.state : m, order);
      m += order;
      next += stride;
    }
  }
  const updated = Rows.at(layer.updated, stride);
  changetype<Matrix>(matrix).product(updated, updated, Rows.at(inputs, inputStride), count);
  activate(layer.activation, layer.updated, count, padded, layer.order);
  next = layer.updated;
  for (let s: u32 = 0; s < plan.streams; ++s) {
    let m = plan.state(s, layer.state);
    for (let channel: u32 = 0; channel < layer.channels; ++channel) {
      if (layer.remainder) addCompensated(m, m + layer.remainder - layer.state, next, order);
      else copyFloats(m, next, order);
      m += order;
      next += stride;
    }
  }
}

/** Gated memories have one channel: next = m + gate ∘ (B̄ u). */
function drive(layer: Memory, next: usize, m: usize, row: u32): void {
  const u = load<f32>(layer.input + row * layer.inputStride);
  const gate = layer.gate + row * layer.gateStride;
  for (let i: u32 = 0; i < layer.order << 2; i += 4) {
    const driven = load<f32>(gate + i) * (load<f32>(layer.drive + i) * u);
    store<f32>(next + i, load<f32>(m + i) + driven);
  }
}
