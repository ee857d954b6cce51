import type { Description } from "../../description.js";
import { brief, LmuError } from "../../errors.js";
import { validateDescription } from "../../validate.js";
import type { Checkpoint } from "../checkpoint.js";
import { Importer, type Output } from "../importer.js";
import { classNameOf, Fields, type Json, type KerasLayer } from "./config.js";
import { importLayer } from "./import-layer.js";
import { callsOf, type Reference, references } from "./references.js";
import type { LayerWeights, ModelWeights } from "./layer-weights.js";

/** A model configuration, as `to_json`, `.keras` and legacy HDF5 hold it, with its weights. */
export function importModel(config: unknown, weights: ModelWeights, version: string): Checkpoint {
  expectShallow(config);
  const model = asLayer(config, "the model");
  const importer = new Importer();
  const kerasVersion = Number(/^\d+/.exec(version)?.[0] ?? 3);
  const walk = new Graph(importer, kerasVersion);
  const { input, isRow } = walk.inputOf(model);
  const x = { name: "input", width: input.width ?? 1, isRow };
  const [output] = walk.run(model, weights, [x]);
  const name = typeof model.config["name"] === "string" ? ` (${model.config["name"]})` : "";
  const source = `Keras ${version}${name}`.slice(0, 1000);
  const checkpoint = importer.finish("keras", source, input, output!);
  // Strides, sizes and widths come as the file has them.
  validateDescription(checkpoint.description);
  return checkpoint;
}

/** Levels of a configuration: what walks through it may then go as deep as it likes. */
const MAX_DEPTH = 200;

function expectShallow(config: unknown): void {
  let level: unknown[] = [config];
  for (let depth = 0; level.length; depth++) {
    if (depth > MAX_DEPTH) {
      throw new LmuError(
        "format-invalid",
        `Cannot load the model: its configuration is more than ${MAX_DEPTH} levels deep`,
      );
    }
    level = level.flatMap((value) =>
      typeof value === "object" && value !== null ? (Object.values(value) as unknown[]) : [],
    );
  }
}

function asLayer(value: unknown, where: string): KerasLayer {
  const {
    class_name: className,
    config,
    name,
    inbound_nodes: inboundNodes,
  } = (value ?? {}) as Json;
  // Sequential models of Keras 1 are a bare list of layers.
  const object = Array.isArray(config) ? { layers: config as unknown } : config;
  if (typeof className !== "string" || typeof object !== "object" || object === null) {
    throw new LmuError(
      "format-invalid",
      `Cannot load the model: ${where} is ${brief(value)}, expected a Keras layer`,
    );
  }
  const own = (object as Json)["name"];
  return {
    className: classNameOf(value as Json),
    name: typeof name === "string" ? name : typeof own === "string" ? own : className,
    config: object as Json,
    inboundNodes,
  };
}

/** Calls of layers, those of nested models for every call of the model: a few levels of two calls each are millions. */
const MAX_CALLS = 10_000;

const MODELS = new Set(["Sequential", "Functional", "Model"]);

class Graph {
  #calls = 0;

  constructor(
    private readonly importer: Importer,
    private readonly kerasVersion: number,
  ) {}

  /** Runs a model on given inputs, layer by layer. */
  run(
    model: KerasLayer,
    weights: ModelWeights,
    inputs: readonly Output[],
    prefix = "",
  ): readonly Output[] {
    const layers = this.#layersOf(model);
    return model.className === "Sequential"
      ? this.#sequential(layers, weights, inputs, prefix)
      : this.#functional(model, layers, weights, inputs, prefix);
  }

  /** Features, or token ids, and steps of the one input; whether it has no steps. */
  inputOf(model: KerasLayer): { input: Description["input"]; isRow: boolean } {
    const layers = this.#layersOf(model);
    const first = layers[0];
    if (!first)
      throw new LmuError("format-invalid", `Cannot load the model: ${model.name} has no layers`);
    if (MODELS.has(first.className) && !first.config["batch_shape"]) return this.inputOf(first);
    const { config } = first;
    const shape =
      config["batch_shape"] ??
      config["batch_input_shape"] ??
      config["batch_shape_"] ??
      model.config["build_input_shape"];
    if (!Array.isArray(shape) || shape.length < 2 || shape.length > 3) {
      throw new LmuError(
        "option-unsupported",
        `Cannot load the model: its input has shape ${brief(shape)}, expected [batch, steps, features] or [batch, steps] of tokens`,
      );
    }
    const vocabulary = this.#vocabulary(layers);
    const sizes = shape.slice(1) as unknown[];
    const isRow = sizes.length === 1;
    if (vocabulary !== undefined && isRow)
      return { input: { vocabulary, ...stepsOf(sizes[0]) }, isRow: false };
    const width = sizes.at(-1);
    if (!Number.isSafeInteger(width) || (width as number) < 1) {
      throw new LmuError(
        "option-unsupported",
        `Cannot load the model: its input has shape ${brief(shape)}, expected a fixed number of features`,
      );
    }
    return { input: { width: width as number, ...(!isRow && stepsOf(sizes[0])) }, isRow };
  }

  #vocabulary(layers: readonly KerasLayer[]): number | undefined {
    for (const layer of layers) {
      if (layer.className === "Embedding") {
        return new Fields(layer.name, layer.config, this.kerasVersion).integer("input_dim");
      }
      if (MODELS.has(layer.className)) return this.#vocabulary(this.#layersOf(layer));
      if (layer.className !== "InputLayer") return undefined;
    }
    return undefined;
  }

  #layersOf(model: KerasLayer): KerasLayer[] {
    const { layers } = model.config;
    if (!MODELS.has(model.className) || !Array.isArray(layers)) {
      throw new LmuError(
        "layer-unsupported",
        `Cannot load the model: ${model.name} is a ${model.className}, expected a Sequential or Functional model`,
      );
    }
    return layers.map((layer, i) => asLayer(layer, `layer ${i} of ${model.name}`));
  }

  #sequential(
    layers: readonly KerasLayer[],
    weights: ModelWeights,
    inputs: readonly Output[],
    prefix: string,
  ): readonly Output[] {
    let outputs = inputs;
    for (const layer of layers) {
      if (layer.className === "InputLayer") continue;
      this.#count(1);
      outputs = this.#call(layer, weights.layer(layer.name, layer.className), outputs, prefix);
    }
    return outputs;
  }

  #functional(
    model: KerasLayer,
    layers: readonly KerasLayer[],
    weights: ModelWeights,
    inputs: readonly Output[],
    prefix: string,
  ): readonly Output[] {
    const starts = references(model.config["input_layers"]);
    const ends = references(model.config["output_layers"]);
    if (starts.length !== inputs.length || ends.length !== 1) {
      throw new LmuError(
        "layer-unsupported",
        `Cannot load the model: ${model.name} has ${starts.length} inputs and ${ends.length} outputs, expected 1 of each`,
      );
    }
    const made = new Map<string, Output>(starts.map(({ key }, i) => [key, inputs[i]!]));
    const waiting = layers.flatMap((layer) => waitingCalls(layer, weights));
    this.#count(waiting.length);
    while (waiting.length) {
      const { layer, own, from, key } = takeReady(waiting, made);
      const tensors = from.map((reference) => made.get(reference.key)!);
      const [output] = this.#call(layer, own.again(), tensors, prefix);
      made.set(key, output!);
    }
    const output = made.get(ends[0]!.key);
    if (!output)
      throw new LmuError(
        "format-invalid",
        `Cannot load the model: its output ${ends[0]!.key} is made by no layer`,
      );
    return [output];
  }

  #count(calls: number): void {
    this.#calls += calls;
    if (this.#calls <= MAX_CALLS) return;
    throw new LmuError(
      "description-invalid",
      `Cannot load the model: it calls layers more than ${MAX_CALLS} times`,
    );
  }

  #call(
    layer: KerasLayer,
    weights: LayerWeights,
    inputs: readonly Output[],
    prefix: string,
  ): readonly Output[] {
    const name = prefix + layer.name;
    if (MODELS.has(layer.className))
      return this.run({ ...layer, name }, weights.model(), inputs, `${name}/`);
    const fields = new Fields(name, layer.config, this.kerasVersion);
    return [
      importLayer({ layer: { ...layer, name }, fields, weights, inputs, importer: this.importer }),
    ];
  }
}

/** A call of a layer that has not been imported yet. */
interface WaitingCall {
  readonly layer: KerasLayer;
  readonly own: LayerWeights;
  readonly from: readonly Reference[];
  readonly key: string;
}

function waitingCalls(layer: KerasLayer, weights: ModelWeights): WaitingCall[] {
  if (layer.className === "InputLayer") return [];
  const own = weights.layer(layer.name, layer.className);
  return callsOf(layer).map((from, call) => ({ layer, own, from, key: `${layer.name}/${call}` }));
}

/** Calls stand in no useful order when layers are shared: takes the first that has its inputs. */
function takeReady(waiting: WaitingCall[], made: ReadonlyMap<string, Output>): WaitingCall {
  const next = waiting.findIndex(({ from }) => from.every(({ key }) => made.has(key)));
  if (next >= 0) return waiting.splice(next, 1)[0]!;
  throw new LmuError(
    "format-invalid",
    `Cannot load the model: layer ${waiting[0]!.layer.name} never gets its input`,
  );
}

function stepsOf(value: unknown): { steps?: number } {
  return Number.isSafeInteger(value) && (value as number) > 0 ? { steps: value as number } : {};
}
