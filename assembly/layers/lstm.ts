import { multiply, updateCell } from "../kernels/gates";
import { settle } from "../kernels/settle";
import { Matrix, Rows } from "../matrix";
import { activate } from "./activation";
import { Layer, Plan } from "./layer";

/**
 * Long short-term memory (Hochreiter, Schmidhuber 1997; forget gate of Gers et al. 2000):
 * i, f, o = s(a + U h); g = t(a + U h); c ← f c + i g; h ← o t(c), a what a Dense before it computed. With a projection
 * (Sak, Senior, Beaufays 2014) h ← P (o t(c)).
 */
@unmanaged
export class Lstm extends Layer {
  stride: u32 = 0; // floats, units padded
  units: u32 = 0;
  state: u32 = 0; // h, f32[width]
  activation: usize = 0; // t
  gates: usize = 0; // f32[rows][4][stride]: a on entry; order i, f, o, g
  output: usize = 0; // h, f32[rows][outputs]
  gateActivation: usize = 0; // s
  outputs: u32 = 0; // floats, width padded
  width: u32 = 0; // of h: units unless projected
  weights: usize = 0; // U, Matrix 4·stride × width
  cell: u32 = 0; // c, f32[stride]
  projection: usize = 0; // P, Matrix outputs × units, or 0
  zeros: usize = 0; // f32[outputs], where the projection starts
}

export function runLstm(layer: Lstm, plan: Plan, from: u32, to: u32): void {
  const streams = plan.streams;
  const row = layer.stride << 4;
  const outputBytes = layer.outputs << 2;
  const used = layer.width << 2;
  let gates = layer.gates + from * streams * row;
  let output = layer.output + from * streams * outputBytes;
  for (let t = from; t < to; ++t) {
    const a = Rows.at(gates, row);
    plan.product(changetype<Matrix>(layer.weights), a, a, layer.state);
    // What becomes h before a projection takes the place of the input gate, which nobody reads any more.
    for (let s: u32 = 0; s < streams; ++s) {
      const y = layer.projection ? gates + s * row : output + s * outputBytes;
      updateStream(layer, plan.state(s, layer.cell), gates + s * row, y);
    }
    if (layer.projection) {
      const zeros = Rows.at(layer.zeros, 0);
      changetype<Matrix>(layer.projection).product(Rows.at(output, outputBytes), zeros, a, streams);
    }
    for (let s: u32 = 0; s < streams; ++s) {
      settle(plan.state(s, layer.state), output, used);
      output += outputBytes;
    }
    gates += row * streams;
  }
}

/** c ← f c + i g; y = o t(c). */
function updateStream(
  layer: Lstm,
  c: usize, // f32[stride]
  gates: usize, // f32[4][stride]
  y: usize, // f32[stride], may be the first gate
): void {
  const stride = layer.stride;
  const bytes = stride << 2;
  const i = gates;
  const f = i + bytes;
  const o = f + bytes;
  const g = o + bytes;
  activate(layer.gateActivation, gates, 3, stride, layer.units);
  activate(layer.activation, g, 1, stride, layer.units);
  updateCell(c, f, i, g, g, bytes);
  settle(g, c, layer.units << 2);
  activate(layer.activation, g, 1, stride, layer.units);
  multiply(y, o, g, bytes);
}
