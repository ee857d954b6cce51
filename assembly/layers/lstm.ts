import { affine } from "../kernels/affine";
import { copyFloats } from "../kernels/copy";
import { multiply, updateCell } from "../kernels/gates";
import { activate } from "./activation";
import { Layer, Plan } from "./layer";

/**
 * Long short-term memory (Hochreiter, Schmidhuber 1997; forget gate of Gers et al. 2000):
 * i, f, o = s(a + U h); g = t(a + U h); c ← f c + i g; h ← o t(c), a what a Dense before it computed.
 */
@unmanaged
export class Lstm extends Layer {
  gates: usize = 0; // f32[rows][4][stride]: a on entry; order i, f, o, g
  output: usize = 0; // h, f32[rows][stride]
  stride: u32 = 0; // floats, units padded
  units: u32 = 0;
  weights: usize = 0; // U, panels, 4·stride × units
  state: usize = 0; // h, f32[units], then c, f32[stride]
  activation: usize = 0; // t
  gateActivation: usize = 0; // s
}

export function runLstm(layer: Lstm, plan: Plan, from: u32, to: u32): void {
  const streams = plan.streams;
  const stride = layer.stride;
  const bytes = stride << 2;
  const used = layer.units << 2;
  let gates = layer.gates + from * streams * (bytes << 2);
  let output = layer.output + from * streams * bytes;
  for (let t = from; t < to; ++t) {
    let h = plan.states + layer.state;
    affine(
      gates,
      bytes << 2,
      gates,
      bytes << 2,
      h,
      plan.stateBytes,
      streams,
      layer.weights,
      layer.units,
      stride << 2,
    );
    for (let s: u32 = 0; s < streams; ++s) {
      const i = gates;
      const f = i + bytes;
      const o = f + bytes;
      const g = o + bytes;
      activate(layer.gateActivation, gates, 3, stride, layer.units);
      activate(layer.activation, g, 1, stride, layer.units);
      updateCell(h + used, f, i, g, g, bytes);
      activate(layer.activation, g, 1, stride, layer.units);
      multiply(output, o, g, bytes);
      copyFloats(h, output, used);
      h += plan.stateBytes;
      gates += bytes << 2;
      output += bytes;
    }
  }
}
