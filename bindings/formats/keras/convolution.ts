import type { ConvolutionDescription } from "../../description.js";
import { permute, reshape, type Tensor, transpose } from "../../tensor.js";
import { type Output, unlessLinear } from "../importer.js";
import type { Call } from "./call.js";
import type { Fields } from "./config.js";

export function importConvolution({ layer, fields, weights, importer }: Call, x: Output): Output {
  fields.only("data_format", "channels_last");
  const { kernel, bias } = weights.read([
    "kernel",
    ...(fields.flag("use_bias", true) ? ["bias"] : []),
  ]);
  const description = {
    ...windowOf(fields, kernel!, fields.integer("groups", 1)),
    ...after(fields),
  };
  const weight = permute(kernel!, [2, 0, 1]);
  return importer.add(layer.name, description, [x], kernel!.shape[2]!, { weight, bias });
}

/** DepthwiseConv1D: every feature on its own. */
export function importDepthwise({ layer, fields, weights, importer }: Call, x: Output): Output {
  fields.only("data_format", "channels_last");
  const name = weights.names?.includes("depthwise_kernel") ? "depthwise_kernel" : "kernel";
  const roles = [name, ...(fields.flag("use_bias", true) ? ["bias"] : [])];
  const { [name]: kernel, bias } = weights.read(roles);
  const description = { ...windowOf(fields, kernel!, x.width), ...after(fields) };
  const weight = depthwise(kernel!);
  return importer.add(layer.name, description, [x], weight.shape[0]!, { weight, bias });
}

/** SeparableConv1D: every feature on its own, then all of each step together. */
export function importSeparable({ layer, fields, weights, importer }: Call, x: Output): Output {
  fields.only("data_format", "channels_last");
  const {
    depthwise_kernel: first,
    pointwise_kernel: second,
    bias,
  } = weights.read([
    ...["depthwise_kernel", "pointwise_kernel"],
    ...(fields.flag("use_bias", true) ? ["bias"] : []),
  ]);
  const description = windowOf(fields, first!, x.width);
  if (second!.shape.length !== 3) fields.refuse("kernel_size", "a kernel of one dimension");
  const weight = depthwise(first!);
  const [between, width] = [weight.shape[0]!, second!.shape[2]!];
  const each = importer.add(`${layer.name}/depthwise`, description, [x], between, { weight });
  const matrix = transpose(reshape(second!, [between, width]));
  const dense = { type: "dense" as const, ...after(fields) };
  return importer.add(layer.name, dense, [each], width, { weight: matrix, bias });
}

/** [taps, features, multiplier] as the weight of a convolution in groups of one feature. */
function depthwise(kernel: Tensor): Tensor {
  const [taps, features, multiplier] = kernel.shape as [number, number, number];
  return permute(reshape(kernel, [taps, 1, features * multiplier]), [2, 0, 1]);
}

/** What a kernel of [taps, …] sees of the sequence. */
function windowOf(fields: Fields, kernel: Tensor, groups: number): ConvolutionDescription {
  if (kernel.shape.length !== 3) fields.refuse("kernel_size", "a kernel of one dimension");
  const stride = fields.integer("strides", 1);
  const dilation = fields.integer("dilation_rate", 1);
  const padding = paddingOf(fields, (kernel.shape[0]! - 1) * dilation, stride);
  return {
    type: "convolution",
    ...(stride !== 1 && { stride }),
    ...(dilation !== 1 && { dilation }),
    ...(groups !== 1 && { groups }),
    ...(padding[0] + padding[1] > 0 && { padding }),
  };
}

function after(fields: Fields): ReturnType<typeof unlessLinear> {
  return unlessLinear(fields.activation("activation", "linear"));
}

/** Zero rows before and after. "same" with a stride depends on the length in TensorFlow's way. */
function paddingOf(fields: Fields, beyond: number, stride: number): readonly [number, number] {
  const padding = fields.text("padding", "valid");
  if (padding === "causal") return [beyond, 0];
  if (padding === "valid") return [0, 0];
  if (padding !== "same") fields.refuse("padding", "valid, same or causal");
  if (stride !== 1)
    fields.refuse(
      "strides",
      '1 with padding "same": its padding depends on the length of the sequence',
    );
  return [Math.floor(beyond / 2), beyond - Math.floor(beyond / 2)];
}

export function importPool(
  { layer, fields, importer }: Call,
  x: Output,
  mode: "max" | "mean",
): Output {
  fields.only("data_format", "channels_last");
  fields.only("padding", "valid");
  const size = fields.integer("pool_size", 2);
  const stride = fields.integer("strides", size);
  return importer.add(
    layer.name,
    { type: "pool", mode, size, ...(stride !== size && { stride }) },
    [x],
    x.width,
  );
}

export function importGlobalPool(
  { layer, fields, importer }: Call,
  x: Output,
  mode: "max" | "mean",
): Output {
  fields.only("data_format", "channels_last");
  fields.only("keepdims", false);
  return importer.add(layer.name, { type: "global-pool", mode }, [x], x.width);
}
