import { brief, LmuError } from "../../errors.js";
import { classNameOf, type Json, type KerasLayer } from "./config.js";

/** Letters of a name: it may come back in the names of many layers. */
const MAX_NAME = 1000;

/** A layer, or a model, out of a configuration. */
export function asLayer(value: unknown, where: string): KerasLayer {
  const serialised = Object(value) as Json;
  const { config, name, inbound_nodes: inboundNodes } = serialised;
  // Sequential models of Keras 1 are a bare list of layers.
  const object = Array.isArray(config) ? { layers: config as unknown } : config;
  if (
    typeof serialised["class_name"] !== "string" ||
    typeof object !== "object" ||
    object === null
  ) {
    throw new LmuError(
      "format-invalid",
      `Cannot load the model: ${where} is ${brief(value)}, expected a Keras layer`,
    );
  }
  const className = classNameOf(serialised);
  const own = (object as Json)["name"];
  const called = typeof name === "string" ? name : typeof own === "string" ? own : className;
  expectShortName(className);
  expectShortName(called);
  return { className, name: called, config: object as Json, inboundNodes };
}

export function expectShortName(name: string): void {
  if (name.length <= MAX_NAME) return;
  throw new LmuError(
    "format-invalid",
    `Cannot load the model: layer ${name.slice(0, 50)}… has a name of ${name.length} letters, expected at most ${MAX_NAME}`,
  );
}

/** Class names of models. */
const MODELS = new Set(["Sequential", "Functional", "Model"]);

export function isModel(className: string): boolean {
  return MODELS.has(className);
}

/** The layers of a model, as they stand in its configuration. */
export function layersOf(model: KerasLayer): KerasLayer[] {
  const { layers } = model.config;
  if (!isModel(model.className) || !Array.isArray(layers)) {
    throw new LmuError(
      "layer-unsupported",
      `Cannot load the model: ${model.name} is a ${model.className}, expected a Sequential or Functional model`,
    );
  }
  return layers.map((layer, i) => asLayer(layer, `layer ${i} of ${model.name}`));
}
