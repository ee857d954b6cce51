import type { MergeDescription } from "../../description.js";
import type { Output } from "../importer.js";
import { isActivationLayer } from "./activation-options.js";
import type { Call, LayerCall } from "./call.js";
import { classNameOf, type Json } from "./config.js";
import type { Fields } from "./fields.js";

/** A nested layer of a wrapper, as a layer of its own. */
function nested(call: Call, field: string, part: readonly string[]): LayerCall {
  const value = call.fields.value(field) as Json | undefined | null;
  if (
    typeof value?.["class_name"] !== "string" ||
    typeof value["config"] !== "object" ||
    value["config"] === null
  ) {
    call.fields.refuse(field, "a serialised layer");
  }
  const config = value["config"] as Json;
  const own = typeof config["name"] === "string" ? config["name"] : field;
  const name = `${call.layer.name}/${own}`;
  return {
    ...call,
    layer: { className: classNameOf(value), name, config, inboundNodes: undefined },
    weights: call.weights.child(part, own),
  };
}

/** Two copies of a layer, one reading backwards, merged. It needs the whole sequence. */
export function importBidirectional(
  call: Call,
  x: Output,
  importLayer: (call: LayerCall) => Output,
): Output {
  const { fields, importer, layer } = call;
  const mode = modeOf(fields);
  const forward = nested(call, "layer", ["forward_layer"]);
  // Each level would double the work.
  if (forward.layer.className === "Bidirectional") fields.refuse("layer", "a recurrent layer");
  const isOwn = fields.has("backward_layer");
  const backward = nested(call, isOwn ? "backward_layer" : "layer", ["backward_layer"]);
  const { layer: second } = backward;
  // A second layer says itself which way it reads; a copy reads the other way.
  const isBackward = (second.config["go_backwards"] === true) === isOwn;
  const first = importLayer({ ...forward, inputs: [x] });
  const read = isBackward
    ? importer.add(`${layer.name}/backwards`, { type: "reverse" }, [x], x.width)
    : x;
  const config: Json = { ...second.config, go_backwards: false };
  let last = importLayer({
    ...backward,
    layer: { ...second, name: `${second.name}/backwards`, config },
    inputs: [read],
  });
  if (config["return_sequences"] === true) {
    last = importer.add(`${layer.name}/forwards`, { type: "reverse" }, [last], last.width);
  }
  const width = mode === "concatenate" ? first.width + last.width : first.width;
  return importer.add(layer.name, { type: mode }, [first, last], width);
}

const MODES: Readonly<Record<string, MergeDescription["type"]>> = {
  concat: "concatenate",
  sum: "add",
  mul: "multiply",
  ave: "mean",
};

/** null stands for two outputs. */
function modeOf(fields: Fields): MergeDescription["type"] {
  const name = fields.value("merge_mode") === null ? "" : fields.text("merge_mode", "concat");
  if (!Object.hasOwn(MODES, name)) fields.refuse("merge_mode", Object.keys(MODES).join(", "));
  return MODES[name]!;
}

/** Layers whose computation is the same for every step anyway. */
const STEPWISE = new Set([
  "Dense",
  "Activation",
  "Dropout",
  "LayerNormalization",
  "BatchNormalization",
  "Rescaling",
  "PReLU",
]);

export function importTimeDistributed(
  call: Call,
  x: Output,
  importLayer: (call: LayerCall) => Output,
): Output {
  const inner = nested(call, "layer", ["layer"]);
  const { className } = inner.layer;
  if (!STEPWISE.has(className) && !isActivationLayer(className)) {
    call.fields.refuse("layer", [...STEPWISE].join(", "));
  }
  const output = importLayer({ ...inner, inputs: [{ ...x, isRow: true }] });
  return { ...output, isRow: x.isRow ?? false, steps: x.steps };
}
