import { copyVectors } from "../kernels/copy";
import { multiplyAdd } from "../kernels/gates";
import { Matrix, Rows } from "../matrix";
import { activate } from "./activation";
import { Layer, Plan } from "./layer";
import { closeWindow, openWindow, Window } from "./window";

/** Convolution over time: output[j] = f(bias + Σ_tap W[tap]·input[j·stride + tap·dilation - left]). */
@unmanaged
export class Convolution extends Layer {
  window: usize = 0; // Window
  output: usize = 0; // f32[rows][outputs]
  outputs: u32 = 0; // floats, padded
  width: u32 = 0; // floats in use
  outputClock: u32 = 0;
  taps: u32 = 0;
  dilation: u32 = 0;
  isDepthwise: u32 = 0;
  weights: usize = 0; // Matrix of the first tap, outputs × input features, those of the others behind; depthwise f32[taps][outputs]
  bias: usize = 0; // f32[outputs]
  activation: usize = 0;
}

export function runConvolution(layer: Convolution, plan: Plan, from: u32, to: u32): void {
  const window = changetype<Window>(layer.window);
  const count = to - from;
  const outputs = openWindow(window, plan, count);
  const row = layer.outputs << 2;
  const step = row * plan.streams;
  const stride = window.stride * (window.width << 2) * plan.streams;
  let y = layer.output;
  let x = window.rows;
  if (!layer.isDepthwise && (window.stride == 1 || plan.streams == 1)) {
    // Rows stand at one constant distance: all outputs in one product per tap.
    convolve(
      layer,
      plan,
      y,
      x,
      window.stride == 1 ? window.width << 2 : stride,
      outputs * plan.streams,
    );
  } else {
    for (let j: u32 = 0; j < outputs; ++j) {
      if (layer.isDepthwise) convolveDepthwise(layer, plan, y, x);
      else convolve(layer, plan, y, x, window.width << 2, plan.streams);
      y += step;
      x += stride;
    }
  }
  activate(layer.activation, layer.output, outputs * plan.streams, layer.outputs, layer.width);
  closeWindow(window, plan, count, outputs);
  plan.setRows(layer.outputClock, outputs);
}

function convolve(
  layer: Convolution,
  plan: Plan,
  y: usize,
  x: usize,
  xStride: u32,
  count: u32,
): void {
  const window = changetype<Window>(layer.window);
  const row = layer.outputs << 2;
  const dilation = layer.dilation * (window.width << 2) * plan.streams;
  const output = Rows.at(y, row);
  let init = Rows.at(layer.bias, 0);
  const matrix = changetype<Matrix>(layer.weights);
  let panels = matrix.panels;
  for (let tap: u32 = 0; tap < layer.taps; ++tap) {
    matrix.productOf(panels, output, init, Rows.at(x, xStride), count);
    panels += (matrix.rows * matrix.columns) << 2;
    init = output;
    x += dilation;
  }
}

/** Every feature has its own filter: one output row per stream. */
function convolveDepthwise(layer: Convolution, plan: Plan, y: usize, x: usize): void {
  const bytes = layer.outputs << 2;
  const dilation = layer.dilation * bytes * plan.streams;
  for (let s: u32 = 0; s < plan.streams; ++s) {
    copyVectors(y, layer.bias, bytes);
    let tapped = x;
    let weights = layer.weights;
    for (let tap: u32 = 0; tap < layer.taps; ++tap) {
      multiplyAdd(y, tapped, weights, bytes);
      tapped += dilation;
      weights += bytes;
    }
    y += bytes;
    x += bytes;
  }
}
