import { affine } from "../kernels/affine";
import { copyFloats } from "../kernels/copy";
import { settle } from "../kernels/settle";
import { activate } from "./activation";
import { Layer, Plan } from "./layer";

/**
 * The Legendre memory: m ← Ā m + B̄ u for every channel (Voelker, Kajić, Eliasmith 2019, equation for m_t).
 *
 * Residual form, when Ā and B̄ come from order and theta: B̄ = e₀ - Ā e₀, so with r = m - e₀ u the update is
 * m ← m + (Ā - I) r. It needs no B̄, keeps a constant input exactly, and is 2 to 30 times more accurate than Ā m + B̄ u.
 * Explicit form, for matrices given by the file: r = (m, u), m ← m + (Ā - I | B̄) r.
 */
@unmanaged
export class Memory extends Layer {
  input: usize = 0; // u, f32[rows][inputStride / 4], one float per channel in use
  inputStride: u32 = 0; // bytes
  output: usize = 0; // m, f32[rows][outputStride / 4]
  outputStride: u32 = 0; // bytes
  state: usize = 0; // m, f32[channels · order]: channel-major, order fastest
  channels: u32 = 0;
  order: u32 = 0;
  columns: u32 = 0; // order: residual form; order + 1: explicit form
  weights: usize = 0; // panels, order × columns
  residual: usize = 0; // r, scratch f32[streams][channels][residualStride / 4]
  residualStride: u32 = 0; // bytes, columns padded
  updated: usize = 0; // scratch f32[streams][channels][padded order], or 0: order is a multiple of 4, update in place
  activation: usize = 0; // of the new memory; 0 but for LMUCellODE
  gate: usize = 0; // f32[rows][gateStride / 4], 0 but for LMUCellGating: m ← m + D m + gate ∘ (drive u)
  gateStride: u32 = 0; // bytes
  drive: usize = 0; // f32[padded order], B̄ of a gated memory
}

export function runMemory(layer: Memory, plan: Plan, from: u32, to: u32): void {
  const used = (layer.channels * layer.order) << 2;
  for (let t = from; t < to; ++t) {
    const first = t * plan.streams;
    writeResiduals(layer, plan, layer.input + first * layer.inputStride);
    if (layer.gate) writeDriven(layer, plan, first);
    if (layer.channels == 1) {
      update(
        layer,
        plan.states + layer.state,
        plan.stateBytes,
        layer.residual,
        layer.updated,
        plan.streams,
      );
    } else {
      const residuals = layer.channels * layer.residualStride;
      const updates = (layer.channels * ((layer.order + 3) & ~3)) << 2;
      for (let s: u32 = 0; s < plan.streams; ++s) {
        const m = plan.states + s * plan.stateBytes + layer.state;
        const updated = layer.updated ? layer.updated + s * updates : 0;
        update(layer, m, layer.order << 2, layer.residual + s * residuals, updated, layer.channels);
      }
    }
    for (let s: u32 = 0; s < plan.streams; ++s) {
      const m = plan.states + s * plan.stateBytes + layer.state;
      settle(layer.output + (first + s) * layer.outputStride, m, used);
    }
  }
}

/** r = m - e₀ u, or (m, u), of every channel of every stream. */
function writeResiduals(layer: Memory, plan: Plan, u: usize): void {
  const order = layer.order << 2;
  let r = layer.residual;
  for (let s: u32 = 0; s < plan.streams; ++s) {
    let m = plan.states + s * plan.stateBytes + layer.state;
    for (let channel: u32 = 0; channel < layer.channels; ++channel) {
      const input = load<f32>(u + (channel << 2));
      copyFloats(r, m, order);
      if (layer.columns > layer.order) store<f32>(r + order, input);
      else if (!layer.gate) store<f32>(r, load<f32>(r) - input);
      m += order;
      r += layer.residualStride;
    }
    u += layer.inputStride;
  }
}

/** Gated memories have one channel: updated = m + gate ∘ (B̄ u), r = m. */
function writeDriven(layer: Memory, plan: Plan, first: u32): void {
  const stride = ((layer.order + 3) & ~3) << 2;
  for (let s: u32 = 0; s < plan.streams; ++s) {
    const u = load<f32>(layer.input + (first + s) * layer.inputStride);
    const m = plan.states + s * plan.stateBytes + layer.state;
    const gate = layer.gate + (first + s) * layer.gateStride;
    const updated = layer.updated + s * stride;
    for (let i: u32 = 0; i < layer.order << 2; i += 4) {
      const driven = load<f32>(gate + i) * (load<f32>(layer.drive + i) * u);
      store<f32>(updated + i, load<f32>(m + i) + driven);
    }
  }
}

/** m += (Ā - I) r for count memories, mStride bytes apart. */
function update(layer: Memory, m: usize, mStride: u32, r: usize, updated: usize, count: u32): void {
  const padded: u32 = (layer.order + 3) & ~3;
  const stride = padded << 2;
  if (!updated) {
    affine(
      m,
      mStride,
      m,
      mStride,
      r,
      layer.residualStride,
      count,
      layer.weights,
      layer.columns,
      padded,
    );
    return;
  }
  // The lanes beyond order start from whatever follows m; they are computed and dropped.
  const init = layer.gate ? updated : m;
  const initStride = layer.gate ? stride : mStride;
  const W = layer.weights;
  affine(
    updated,
    stride,
    init,
    initStride,
    r,
    layer.residualStride,
    count,
    W,
    layer.columns,
    padded,
  );
  activate(layer.activation, updated, count, padded, layer.order);
  for (let i: u32 = 0; i < count; ++i) {
    copyFloats(m, updated, layer.order << 2);
    m += mStride;
    updated += stride;
  }
}
