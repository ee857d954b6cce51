import { brief, LmuError } from "../../errors.js";
import type { Json, KerasLayer } from "./config.js";

/*
 * Which tensors a layer of a Functional model is called with.
 */

/** One tensor of a graph: the output of a call of a layer. */
export interface Reference {
  readonly key: string;
}

/** ["name", call, output], or a list of such. */
export function references(value: unknown): Reference[] {
  if (!Array.isArray(value)) return [];
  if (typeof value[0] === "string") {
    const [name, call, output] = value as unknown[];
    if (output !== 0 && output !== undefined) {
      throw new LmuError(
        "layer-unsupported",
        `Cannot load the model: output ${brief(output)} of layer ${String(name)} is used`,
      );
    }
    const count = call ?? 0;
    if (typeof count !== "number") {
      throw new LmuError(
        "format-invalid",
        `Cannot load the model: layer ${String(name)} has the call ${brief(call)}, expected its number`,
      );
    }
    return [{ key: `${String(name)}/${count}` }];
  }
  return value.flatMap(references);
}

/** Inputs of every call of a layer: nested lists before Keras 3, serialised tensors since. */
export function callsOf(layer: KerasLayer): Reference[][] {
  const { inboundNodes } = layer;
  if (!Array.isArray(inboundNodes)) return [];
  return inboundNodes.map((node: unknown) => {
    if (!Array.isArray(node)) {
      const { args, kwargs } = (node ?? {}) as Json;
      if (tensorsIn(kwargs).length) {
        throw new LmuError(
          "layer-unsupported",
          `Cannot load the model: layer ${layer.name} is called with tensors as ${Object.keys(kwargs as Json).join(", ")}`,
        );
      }
      return tensorsIn(args);
    }
    return references(
      node.map((entry: unknown) => (Array.isArray(entry) ? entry.slice(0, 3) : entry)),
    );
  });
}

/** Serialised Keras 3 tensors anywhere in the arguments of a call. */
function tensorsIn(value: unknown): Reference[] {
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(tensorsIn);
  const { class_name: className, config } = value as Json;
  if (className === "__keras_tensor__") {
    return references((config as Json | null | undefined)?.["keras_history"]);
  }
  return Object.values(value).flatMap(tensorsIn);
}
