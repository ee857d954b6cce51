import * as kernel from "../kernels/activation";
import { copyVectors } from "../kernels/copy";
import * as more from "../kernels/full-activation";
import { logSoftmax, softmax } from "../kernels/softmax";
import { Layer, Plan } from "./layer";

/** Which function, and its parameters. */
@unmanaged
export class Activation {
  kind: u32 = 0;
  p0: f32 = 0;
  p1: f32 = 0;
  p2: f32 = 0;
  p3: f32 = 0;
}

/** The identity has no record. */
const enum Kind {
  Identity,
  Tanh,
  Sigmoid,
  Relu,
  ReluGeneral,
  Clamp,
  HardSilu,
  Elu,
  Gelu,
  GeluTanh,
  Silu,
  Softplus,
  LogSigmoid,
  Mish,
  TanhShrink,
  Exponential,
  Softsign,
  Squareplus,
  SparsePlus,
  Shrink,
  Threshold,
  Softmax,
  LogSoftmax,
}

/** Applies an activation in place to contiguous rows; 0 stands for the identity. */
export function activate(
  activation: usize, // Activation or 0
  at: usize, // f32[rows][stride]
  rows: u32,
  stride: u32, // floats, a multiple of 4
  width: u32, // floats in use: softmax must not see the padding
): void {
  if (!activation) return;
  const kind = changetype<Activation>(activation).kind;
  const parameters = activation + offsetof<Activation>("p0");
  if (kind >= <u32>Kind.Softmax) {
    for (let row: u32 = 0; row < rows; ++row) {
      activateRow(kind, at, width);
      at += stride << 2;
    }
    return;
  }
  const count = rows * stride;
  switch (kind) {
    case Kind.Tanh:
      return kernel.tanh(at, count);
    case Kind.Sigmoid:
      return kernel.sigmoid(at, count);
    case Kind.Relu:
      return kernel.relu(at, count);
    case Kind.ReluGeneral:
      return kernel.reluGeneral(at, count, parameters);
    case Kind.Clamp:
      return kernel.clamp(at, count, parameters);
  }
  if (FULL) activateMore(kind, at, count, parameters);
}

/** Those that only the full edition has, but for logSoftmax. */
function activateMore(kind: u32, at: usize, count: u32, parameters: usize): void {
  switch (kind) {
    case Kind.Elu:
      return more.elu(at, count, parameters);
    case Kind.HardSilu:
      return more.hardSilu(at, count, parameters);
    case Kind.Gelu:
      return more.gelu(at, count);
    case Kind.GeluTanh:
      return more.geluTanh(at, count);
    case Kind.Silu:
      return more.silu(at, count);
    case Kind.Softplus:
      return more.softplus(at, count);
    case Kind.LogSigmoid:
      return more.logSigmoid(at, count);
    case Kind.Mish:
      return more.mish(at, count);
    case Kind.TanhShrink:
      return more.tanhShrink(at, count);
    case Kind.Exponential:
      return more.exponential(at, count);
    case Kind.Softsign:
      return more.softsign(at, count);
    case Kind.Squareplus:
      return more.squareplus(at, count, parameters);
    case Kind.SparsePlus:
      return more.sparsePlus(at, count);
    case Kind.Shrink:
      return more.shrink(at, count, parameters);
    case Kind.Threshold:
      return more.threshold(at, count, parameters);
  }
}

/** Those of a whole row. */
function activateRow(kind: u32, at: usize, width: u32): void {
  switch (kind) {
    case Kind.Softmax:
      return softmax(at, width);
    case Kind.LogSoftmax:
      if (FULL) logSoftmax(at, width);
  }
}

/** An activation as a layer of its own: output = f(input). */
@unmanaged
export class ActivationLayer extends Layer {
  input: usize = 0; // f32[rows][stride]
  output: usize = 0; // f32[rows][stride], may be the input
  stride: u32 = 0; // floats
  width: u32 = 0;
  activation: usize = 0;
}

export function runActivation(layer: ActivationLayer, plan: Plan, from: u32, to: u32): void {
  const rows = (to - from) * plan.streams;
  const bytes = layer.stride << 2;
  const first = from * plan.streams * bytes;
  const output = layer.output + first;
  if (layer.output != layer.input) copyVectors(output, layer.input + first, rows * bytes);
  activate(layer.activation, output, rows, layer.stride, layer.width);
}
