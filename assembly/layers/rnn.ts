import { settle } from "../kernels/settle";
import { Matrix, Rows } from "../matrix";
import { activate } from "./activation";
import { Layer, Plan } from "./layer";

/**
 * Simple recurrence: h ← f(a + U h), a what a Dense before it computed. Without weights it only keeps h = f(a), for a
 * dense hidden layer that is fed back to the encoder.
 */
@unmanaged
export class Rnn extends Layer {
  stride: u32 = 0; // floats, units padded
  units: u32 = 0;
  state: u32 = 0; // h, f32[units]
  activation: usize = 0;
  hidden: usize = 0; // f32[rows][stride]: a on entry, h on return
  weights: usize = 0; // U, Matrix stride × units, or 0
}

export function runRnn(layer: Rnn, plan: Plan, from: u32, to: u32): void {
  const streams = plan.streams;
  const bytes = layer.stride << 2;
  const used = layer.units << 2;
  let h = layer.hidden + from * streams * bytes;
  for (let t = from; t < to; ++t) {
    if (layer.weights) {
      const a = Rows.at(h, bytes);
      plan.product(changetype<Matrix>(layer.weights), a, a, layer.state);
    }
    activate(layer.activation, h, streams, layer.stride, layer.units);
    for (let s: u32 = 0; s < streams; ++s) {
      settle(plan.state(s, layer.state), h, used);
      h += bytes;
    }
  }
}
