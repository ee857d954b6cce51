import { LmuError } from "../../errors.js";
import type { Checkpoint } from "../checkpoint.js";
import { Importer, type Output } from "../importer.js";
import { Budget } from "./budget.js";
import { inOrder, type WaitingCall } from "./call-order.js";
import type { KerasLayer } from "./config.js";
import { Fields } from "./fields.js";
import { importLayer } from "./import-layer.js";
import type { LayerWeights, ModelWeights } from "./layer-weights.js";
import { importInputs } from "./model-inputs.js";
import { callsOf, references } from "./references.js";
import { expectNoneRefused } from "./refused.js";
import { asLayer, expectShortName, isModel, layersOf } from "./serialised-layer.js";

/** A model configuration, as `to_json`, `.keras` and legacy HDF5 hold it, with its weights. */
export function importModel(config: unknown, weights: ModelWeights, version: string): Checkpoint {
  expectShallow(config);
  const model = asLayer(config, "the model");
  const importer = new Importer();
  const kerasVersion = Number(/^\d+/.exec(version)?.[0] ?? 3);
  const { input, outputs: inputs } = importInputs(model, importer);
  const output = new Graph(importer, kerasVersion).run(model, weights, inputs, "");
  const name = typeof model.config["name"] === "string" ? ` (${model.config["name"]})` : "";
  const source = `Keras ${version}${name}`.slice(0, 1000);
  return importer.finish("keras", source, input, output);
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

class Graph {
  readonly #budget = new Budget();

  constructor(
    private readonly importer: Importer,
    private readonly kerasVersion: number,
  ) {}

  /** Runs a model on given inputs, layer by layer. */
  run(model: KerasLayer, weights: ModelWeights, inputs: readonly Output[], prefix: string): Output {
    const { config } = model;
    this.#budget.read([config["layers"], config["input_layers"], config["output_layers"]]);
    return Fields.read(model.name, config, this.kerasVersion, (fields) => {
      fields.ignore("layers", "input_layers", "output_layers");
      const layers = layersOf(model);
      expectNoneRefused(layers, this.kerasVersion);
      for (const { className, name, config: own } of layers) {
        if (className === "InputLayer")
          Fields.read(name, own, this.kerasVersion, (input) => input.ignore("dtype"));
      }
      return model.className === "Sequential"
        ? this.#sequential(model, layers, weights, inputs, prefix)
        : this.#functional(model, layers, weights, inputs, prefix);
    });
  }

  #sequential(
    model: KerasLayer,
    layers: readonly KerasLayer[],
    weights: ModelWeights,
    inputs: readonly Output[],
    prefix: string,
  ): Output {
    if (inputs.length !== 1) refuseEnds(model, inputs.length, 1);
    let output = inputs[0]!;
    for (const layer of layers) {
      if (layer.className === "InputLayer") continue;
      this.#budget.call(1);
      output = this.#call(layer, weights.layer(layer.name, layer.className), [output], prefix);
    }
    return output;
  }

  #functional(
    model: KerasLayer,
    layers: readonly KerasLayer[],
    weights: ModelWeights,
    inputs: readonly Output[],
    prefix: string,
  ): Output {
    const starts = references(model.config["input_layers"]);
    const ends = references(model.config["output_layers"]);
    if (starts.length !== inputs.length || ends.length !== 1) {
      refuseEnds(model, starts.length, ends.length);
    }
    const made = new Map(starts.map((reference, i) => [reference, inputs[i]!]));
    for (const { layer, own, from, key } of inOrder(this.#waiting(layers, weights), made)) {
      const tensors = from.map((reference) => made.get(reference)!);
      made.set(key, this.#call(layer, own.again(), tensors, prefix));
    }
    const output = made.get(ends[0]!);
    if (!output)
      throw new LmuError(
        "format-invalid",
        `Cannot load the model: its output ${ends[0]!} is made by no layer`,
      );
    return output;
  }

  #waiting(layers: readonly KerasLayer[], weights: ModelWeights): WaitingCall[] {
    return layers.flatMap((layer) => {
      if (layer.className === "InputLayer") return [];
      const { inboundNodes } = layer;
      this.#budget.call(Array.isArray(inboundNodes) ? inboundNodes.length : 0);
      const own = weights.layer(layer.name, layer.className);
      return callsOf(layer).map((from, call) => ({
        layer,
        own,
        from,
        key: `${layer.name}/${call}`,
      }));
    });
  }

  #call(
    layer: KerasLayer,
    weights: LayerWeights,
    inputs: readonly Output[],
    prefix: string,
  ): Output {
    const name = prefix + layer.name;
    expectShortName(name);
    const named = { ...layer, name };
    if (isModel(layer.className)) return this.run(named, weights.model(), inputs, `${name}/`);
    this.#budget.read([layer.config]);
    const { importer, kerasVersion } = this;
    return importLayer({ layer: named, weights, inputs, importer, kerasVersion });
  }
}

function refuseEnds(model: KerasLayer, inputs: number, outputs: number): never {
  throw new LmuError(
    "layer-unsupported",
    `Cannot load the model: ${model.name} has ${inputs} inputs and ${outputs} outputs, expected ` +
      (model.className === "Sequential"
        ? "1 of each"
        : "the inputs it is called with and 1 output"),
  );
}
