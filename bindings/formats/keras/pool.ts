import type { Output } from "../importer.js";
import type { Call } from "./call.js";
import { paddingOf, rowsThrough } from "./padding.js";

export function importPool(call: Call, x: Output, mode: "max" | "mean"): Output {
  const { layer, fields, importer } = call;
  fields.only("data_format", "channels_last");
  const size = fields.integer("pool_size", 2);
  const stride = fields.integer("strides", size);
  const padding = paddingOf(fields, { size, stride }, x, importer);
  // Keras leaves padded rows out of maxima and means alike.
  if (padding[0] + padding[1] > 0) {
    fields.refuse("padding", '"valid", or windows that fit into the sequence without padding');
  }
  const description = { type: "pool" as const, mode, size, ...(stride !== size && { stride }) };
  const output = importer.add(layer.name, description, [x], x.width);
  return { ...output, steps: rowsThrough({ size, stride }, padding, x.steps) };
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
