import { Matrix, Rows } from "../matrix";
import { activate } from "./activation";
import { Layer, Plan } from "./layer";

/**
 * output = f(bias + Σ W·x): any number of inputs, each with its own weights, added in order.
 *
 * Without a bias it adds to what output holds, so a recurrent term can follow terms computed for the whole chunk, with
 * the bits of doing both at once.
 */
@unmanaged
export class Dense extends Layer {
  output: usize = 0; // f32[rows][outputs]
  outputs: u32 = 0; // floats, padded
  width: u32 = 0; // floats in use
  bias: usize = 0; // f32[outputs], or 0: add to output
  activation: usize = 0;
  terms: u32 = 0; // Term records follow
}

/** One input of a Dense. */
@unmanaged
export class Term {
  isState: u32 = 0; // input is an offset in each stream's state, else a buffer
  input: usize = 0;
  stride: u32 = 0; // bytes from row to row of a buffer; bytes of a field of the state
  weights: usize = 0; // Matrix, outputs × columns
}

export function runDense(layer: Dense, plan: Plan, from: u32, to: u32): void {
  const count = (to - from) * plan.streams;
  const first = from * plan.streams;
  const stride = layer.outputs << 2;
  const output = layer.output + first * stride;
  const y = Rows.at(output, stride);
  let init = layer.bias ? Rows.at(layer.bias, 0) : y;
  let at = changetype<usize>(layer) + offsetof<Dense>();
  for (let i: u32 = 0; i < layer.terms; ++i) {
    const term = changetype<Term>(at);
    const weights = changetype<Matrix>(term.weights);
    if (term.isState) plan.product(weights, y, init, <u32>term.input);
    else weights.product(y, init, Rows.at(term.input + first * term.stride, term.stride), count);
    init = y;
    at += offsetof<Term>();
  }
  activate(layer.activation, output, count, layer.outputs, layer.width);
}
