import { mix, multiply, multiplyAdd } from "../kernels/gates";
import { settle } from "../kernels/settle";
import { Matrix, Rows } from "../matrix";
import { activate } from "./activation";
import { Layer, Plan } from "./layer";

/**
 * Gated recurrent unit (Cho et al. 2014): z, r = s(a + U h); h ← z h + (1 - z) candidate, a what a Dense before it
 * computed. The candidate is t(a + r·(b + V h)) when the reset gate acts after the product (Keras 3, cuDNN, PyTorch),
 * t(a + V (r·h)) when before.
 */
@unmanaged
export class Gru extends Layer {
  stride: u32 = 0; // floats, units padded
  units: u32 = 0;
  state: u32 = 0; // h, f32[units], read up to stride
  activation: usize = 0; // t
  gates: usize = 0; // f32[rows][3][stride]: a on entry; order z, r, candidate
  output: usize = 0; // h, f32[rows][stride]
  gateActivation: usize = 0; // s
  weights: usize = 0; // U, Matrix 2·stride × units
  candidateWeights: usize = 0; // V, Matrix stride × units
  candidateBias: usize = 0; // b, f32[stride]: reset after; 0: reset before
  scratch: usize = 0; // f32[streams][stride]
}

export function runGru(layer: Gru, plan: Plan, from: u32, to: u32): void {
  const streams = plan.streams;
  const stride = layer.stride;
  const bytes = stride << 2;
  const row = bytes * 3;
  const used = layer.units << 2;
  let gates = layer.gates + from * streams * row;
  let output = layer.output + from * streams * bytes;
  for (let t = from; t < to; ++t) {
    const a = Rows.at(gates, row);
    plan.product(changetype<Matrix>(layer.weights), a, a, layer.state);
    for (let s: u32 = 0; s < streams; ++s) {
      activate(layer.gateActivation, gates + s * row, 2, stride, layer.units);
    }
    addCandidate(layer, plan, gates, row);
    for (let s: u32 = 0; s < streams; ++s) {
      const candidate = gates + (bytes << 1);
      const previous = plan.state(s, layer.state);
      activate(layer.activation, candidate, 1, stride, layer.units);
      mix(output, gates, previous, candidate, bytes);
      settle(previous, output, used);
      gates += row;
      output += bytes;
    }
  }
}

/** Adds the recurrent part of the candidate, through the reset gate, to every stream's gates. */
function addCandidate(layer: Gru, plan: Plan, gates: usize, row: u32): void {
  const bytes = layer.stride << 2;
  const streams = plan.streams;
  const V = layer.candidateWeights;
  const scratch = layer.scratch;
  if (layer.candidateBias) {
    const bias = Rows.at(layer.candidateBias, 0);
    plan.product(changetype<Matrix>(V), Rows.at(scratch, bytes), bias, layer.state);
    for (let s: u32 = 0; s < streams; ++s) {
      const gate = gates + s * row;
      multiplyAdd(gate + (bytes << 1), gate + bytes, scratch + s * bytes, bytes);
    }
  } else {
    for (let s: u32 = 0; s < streams; ++s) {
      multiply(scratch + s * bytes, gates + s * row + bytes, plan.state(s, layer.state), bytes);
    }
    const candidates = Rows.at(gates + (bytes << 1), row);
    changetype<Matrix>(V).product(candidates, candidates, Rows.at(scratch, bytes), streams);
  }
}
