import type { ActivationDescription } from "../activations.js";
import type { Description, LayerDescription } from "../description.js";
import { LmuError } from "../errors.js";
import { MatrixWork } from "../legendre/residual.js";
import { mapTensor, type Tensor } from "../tensor.js";
import type { Checkpoint } from "./checkpoint.js";

/** What a layer under construction leaves for the next: its name in the description and the features it gives. */
export interface Output {
  readonly name: string;
  readonly width: number;
  /** One row and no steps: what is left of a sequence, or the input of a model without time. */
  readonly isRow?: boolean;
  /** How many steps there are, where a reader needs to know and does. */
  readonly steps?: number | undefined;
}

/** Layers that make one row of a sequence. */
const TO_ROW: ReadonlySet<string> = new Set(["last", "global-pool", "flatten"]);

/** A layer without the fields that the importer adds. */
type NewLayer = LayerDescription extends infer L
  ? L extends unknown
    ? Omit<L, "name" | "from">
    : never
  : never;

/** Collects the layers and tensors of a description while a reader walks through a foreign model. */
export class Importer {
  readonly notes: string[] = [];
  readonly warnings: string[] = [];
  /** For comparing the file's matrices with those of a theta. */
  readonly matrixWork = new MatrixWork();
  /** Set when a layer only works for one number of steps. */
  needsSteps = false;
  readonly #layers: LayerDescription[] = [];
  readonly #tensors = new Map<string, Tensor>();
  /** Names in use, and how often each was asked for. */
  readonly #names = new Map<string, number>();

  /** A name no layer has yet. */
  unique(name: string): string {
    const wanted = name === "input" ? "input_" : name;
    let free = wanted;
    let asked = this.#names.get(wanted) ?? 0;
    for (; this.#names.has(free); asked++) free = `${name}:${asked}`;
    this.#names.set(wanted, Math.max(asked, 1));
    if (free !== wanted) this.#names.set(free, 1);
    return free;
  }

  /**
   * Adds a layer.
   *
   * @param tensors - by role; roles with undefined are left out
   */
  add(
    name: string,
    layer: NewLayer,
    inputs: readonly Output[],
    width: number,
    tensors: Readonly<Record<string, Tensor | undefined>> = {},
  ): Output {
    const unique = this.unique(name);
    const from = inputs.map((input) => input.name);
    this.#layers.push({ ...layer, name: unique, from } as LayerDescription);
    for (const [role, tensor] of Object.entries(tensors))
      if (tensor) this.#tensors.set(`${unique}.${role}`, tensor);
    const isRow = TO_ROW.has(layer.type) || inputs.every((input) => input.isRow);
    return { name: unique, width, isRow, steps: isRow ? undefined : inputs[0]?.steps };
  }

  /** Keeps only the newest row, as layers that do not return sequences do. */
  last(name: string, input: Output): Output {
    return this.add(`${name}/last`, { type: "last" }, [input], input.width);
  }

  /** Normalisation with fixed statistics, as one scale and shift per feature. */
  addScale(name: string, input: Output, scale: Tensor, shift: Tensor): Output {
    return this.add(name, { type: "scale" }, [input], input.width, { scale, shift });
  }

  /** The finished checkpoint. `from` is left out where a layer reads the one before it. */
  finish(format: string, source: string, input: Description["input"], output: Output): Checkpoint {
    const layers = this.#layers.map((layer, i) => {
      const before = i === 0 ? "input" : this.#layers[i - 1]!.name;
      if (layer.from?.length !== 1 || layer.from[0] !== before) return layer;
      const { from: _, ...rest } = layer;
      return rest as LayerDescription;
    });
    if (layers.length === 0) {
      throw new LmuError(
        "description-invalid",
        "Cannot load the model: it has no layer that computes anything",
      );
    }
    const { steps, ...size } = input;
    const description: Description = {
      version: 1,
      input: {
        ...size,
        ...(this.needsSteps && steps !== undefined && { steps }),
      } as Description["input"],
      layers,
      ...(layers.at(-1)!.name !== output.name && { output: output.name }),
      source,
    };
    return {
      format,
      description,
      tensors: this.#tensors,
      notes: this.notes,
      warnings: this.warnings,
    };
  }
}

/** scale = gamma / √(variance + epsilon) and shift = beta - mean·scale, computed in f64. */
export function normalisation(
  epsilon: number,
  mean: Tensor,
  variance: Tensor,
  gamma: Tensor | undefined,
  beta: Tensor | undefined,
): { scale: Tensor; shift: Tensor } {
  const factor = (i: number) => (gamma?.at(i) ?? 1) / Math.sqrt(variance.at(i) + epsilon);
  return {
    scale: mapTensor(variance, (_, i) => factor(i)),
    shift: mapTensor(mean, (value, i) => (beta?.at(i) ?? 0) - value * factor(i)),
  };
}

/** Sum of two vectors, rounded once. */
export function sumOf(a: Tensor, b: Tensor): Tensor {
  return mapTensor(a, (value, i) => value + b.at(i));
}

/** An activation that is not the identity; undefined otherwise. */
export function unlessLinear(activation: ActivationDescription): {
  activation?: ActivationDescription;
} {
  return activation === "linear" ? {} : { activation };
}
