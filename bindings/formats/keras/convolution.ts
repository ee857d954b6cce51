import { permute } from "../../tensor.js";
import { type Output, unlessLinear } from "../importer.js";
import type { Call } from "./call.js";
import type { Fields } from "./config.js";

export function importConvolution({ layer, fields, weights, importer }: Call, x: Output): Output {
  fields.only("data_format", "channels_last");
  const { kernel, bias } = weights.read([
    "kernel",
    ...(fields.flag("use_bias", true) ? ["bias"] : []),
  ]);
  if (kernel!.shape.length !== 3) fields.refuse("kernel_size", "a kernel of one dimension");
  const taps = kernel!.shape[0]!;
  const stride = fields.integer("strides", 1);
  const dilation = fields.integer("dilation_rate", 1);
  const beyond = (taps - 1) * dilation;
  const padding = paddingOf(fields, beyond, stride);
  return importer.add(
    layer.name,
    {
      type: "convolution",
      ...(stride !== 1 && { stride }),
      ...(dilation !== 1 && { dilation }),
      ...(fields.integer("groups", 1) !== 1 && { groups: fields.integer("groups", 1) }),
      ...(padding[0] + padding[1] > 0 && { padding }),
      ...unlessLinear(fields.activation("activation", "linear")),
    },
    [x],
    kernel!.shape[2]!,
    { weight: permute(kernel!, [2, 0, 1]), bias },
  );
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
