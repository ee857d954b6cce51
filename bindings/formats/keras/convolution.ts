import type { ConvolutionDescription } from "../../description.js";
import { permute, reshape, type Tensor, transpose } from "../../tensor.js";
import { type Output, unlessLinear } from "../importer.js";
import { readActivation } from "./activation-options.js";
import type { Call } from "./call.js";
import type { Fields } from "./fields.js";
import { paddingOf, rowsThrough } from "./padding.js";

export function importConvolution(call: Call, x: Output): Output {
  const { layer, fields, weights, importer } = call;
  const { kernel, bias } = weights.read(["kernel", ...biasOf(fields)]);
  const window = windowOf(call, x, kernel!, fields.integer("groups", 1));
  const weight = permute(kernel!, [2, 0, 1]);
  const width = kernel!.shape[2]!;
  fields.size("filters", width);
  const description = { ...window.description, ...after(fields) };
  const output = importer.add(layer.name, description, [x], width, { weight, bias });
  return { ...output, steps: window.steps };
}

/** DepthwiseConv1D: every feature on its own. */
export function importDepthwise(call: Call, x: Output): Output {
  const { layer, fields, weights, importer } = call;
  const name = weights.names?.includes("depthwise_kernel") ? "depthwise_kernel" : "kernel";
  const { [name]: kernel, bias } = weights.read([name, ...biasOf(fields)]);
  const window = windowOf(call, x, kernel!, x.width);
  expectOwnKernels(fields, kernel!);
  // Written by Keras 2, of the convolution that it is made from.
  fields.only("groups", 1);
  fields.only("filters", null);
  const weight = depthwise(kernel!);
  const description = { ...window.description, ...after(fields) };
  const output = importer.add(layer.name, description, [x], weight.shape[0]!, { weight, bias });
  return { ...output, steps: window.steps };
}

/** SeparableConv1D: every feature on its own, then all of each step together. */
export function importSeparable(call: Call, x: Output): Output {
  const { layer, fields, weights, importer } = call;
  const {
    depthwise_kernel: first,
    pointwise_kernel: second,
    bias,
  } = weights.read(["depthwise_kernel", "pointwise_kernel", ...biasOf(fields)]);
  const { description, steps } = windowOf(call, x, first!, x.width);
  if (second!.shape.length !== 3) fields.refuse("kernel_size", "a kernel of one dimension");
  expectOwnKernels(fields, first!);
  fields.only("groups", 1);
  const weight = depthwise(first!);
  const [between, width] = [weight.shape[0]!, second!.shape[2]!];
  fields.size("filters", width);
  const each = importer.add(`${layer.name}/depthwise`, description, [x], between, { weight });
  const matrix = transpose(reshape(second!, [between, width]));
  const dense = { type: "dense" as const, ...after(fields) };
  const output = importer.add(layer.name, dense, [each], width, { weight: matrix, bias });
  return { ...output, steps };
}

function biasOf(fields: Fields): string[] {
  return fields.flag("use_bias", true) ? ["bias"] : [];
}

/** [taps, features, multiplier], as the options have it. */
function expectOwnKernels(fields: Fields, { shape }: Tensor): void {
  fields.size("depth_multiplier", shape[2]!);
}

/** [taps, features, multiplier] as the weight of a convolution in groups of one feature. */
function depthwise(kernel: Tensor): Tensor {
  const [taps, features, multiplier] = kernel.shape as [number, number, number];
  return permute(reshape(kernel, [taps, 1, features * multiplier]), [2, 0, 1]);
}

/** What a kernel of [taps, …] sees of the sequence, and the steps that come out, if known. */
function windowOf(
  { fields, importer }: Call,
  x: Output,
  { shape }: Tensor,
  groups: number,
): { description: ConvolutionDescription; steps: number | undefined } {
  if (shape.length !== 3) fields.refuse("kernel_size", "a kernel of one dimension");
  fields.only("data_format", "channels_last");
  fields.size("kernel_size", shape[0]!);
  const stride = fields.integer("strides", 1);
  const dilation = fields.integer("dilation_rate", 1);
  const window = { size: (shape[0]! - 1) * dilation + 1, stride };
  const padding = paddingOf(fields, window, x, importer);
  const description: ConvolutionDescription = {
    type: "convolution",
    ...(stride !== 1 && { stride }),
    ...(dilation !== 1 && { dilation }),
    ...(groups !== 1 && { groups }),
    ...(padding[0] + padding[1] > 0 && { padding }),
  };
  return { description, steps: rowsThrough(window, padding, x.steps) };
}

function after(fields: Fields): ReturnType<typeof unlessLinear> {
  return unlessLinear(readActivation(fields, "activation", "linear"));
}
