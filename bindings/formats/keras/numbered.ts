import { LmuError } from "../../errors.js";
import type { Tensor } from "../../tensor.js";
import { descend, type Hdf5Group } from "../containers/hdf5.js";
import {
  collect,
  type LayerWeights,
  type ModelWeights,
  type NamedClass,
  type Part,
} from "./layer-weights.js";

/*
 * Keras 3: layers/<class>_<n>/…/vars/<number>.
 */

/** The layers of a model in a file. */
interface LayerGroups {
  /** By the name of the group. */
  readonly groups: ReadonlyMap<string, Hdf5Group>;
  /** By the name that the layer has in the model, where the file keeps it. */
  readonly named: ReadonlyMap<string, Hdf5Group>;
}

/** Found once for all calls of a model. */
const layerGroups = new WeakMap<Hdf5Group, LayerGroups>();

function layerGroupsOf(model: Hdf5Group): LayerGroups {
  let found = layerGroups.get(model);
  if (!found) {
    const layers = model.groups.get("layers") ?? model.groups.get("_layer_checkpoint_dependencies");
    const groups = layers?.groups ?? new Map<string, Hdf5Group>();
    const named = new Map<string, Hdf5Group>();
    for (const group of groups.values()) {
      const name = nameOf(group);
      if (name !== undefined && !named.has(name)) named.set(name, group);
    }
    found = { groups, named };
    layerGroups.set(model, found);
  }
  return found;
}

/** Weights of a Keras 3 file, `.keras` or `.weights.h5`. */
export class NumberedModelWeights implements ModelWeights {
  readonly #counts = new Map<string, number>();
  readonly #layers: LayerGroups;

  constructor(root: Hdf5Group) {
    this.#layers = layerGroupsOf(root);
  }

  /** By the layer's own name where the file keeps it, else by class and order of appearance. */
  layer(name: string, className: string): NumberedWeights {
    const snake = snakeCase(className);
    const count = this.#counts.get(snake) ?? 0;
    this.#counts.set(snake, count + 1);
    const { groups, named: byName } = this.#layers;
    const counted = groups.get(count === 0 ? snake : `${snake}_${count}`);
    const named = byName.get(name) ?? groups.get(name);
    const group = counted && (nameOf(counted) ?? name) === name ? counted : named;
    return new NumberedWeights(group, name);
  }
}

class NumberedWeights implements LayerWeights {
  readonly names = undefined;

  constructor(
    private readonly group: Hdf5Group | undefined,
    private readonly layer: string,
  ) {}

  read(roles: readonly string[], { path }: Part = { path: [] }): Record<string, Tensor> {
    const variables = descend(this.group, [...path, "vars"])?.tensors ?? new Map<string, Tensor>();
    if (variables.size !== roles.length) {
      const where = [this.layer, ...path].join("/");
      throw new LmuError(
        variables.size < roles.length ? "tensor-missing" : "tensor-invalid",
        `Cannot load the model: ${where} has ${variables.size} variables in the file, expected ${roles.length}` +
          (roles.length ? ` (${roles.join(", ")})` : ""),
      );
    }
    return collect(roles, (_, i) => variables.get(String(i)), this.layer);
  }

  again(): this {
    return this;
  }

  count(path: readonly string[]): number {
    return descend(this.group, [...path, "vars"])?.tensors.size ?? 0;
  }

  child(part: readonly string[], name: string): LayerWeights {
    return new NumberedWeights(descend(this.group, part), name);
  }

  model(): ModelWeights {
    return new NumberedModelWeights(this.group ?? holding("layers", undefined));
  }

  cells(cells: readonly NamedClass[]): LayerWeights[] {
    const list = descend(this.group, ["cell", "cells"]);
    const members = new NumberedModelWeights(holding("layers", list));
    return cells.map(({ name, className }) => {
      const { group } = members.layer(name, className);
      return new NumberedWeights(holding("cell", group), this.layer);
    });
  }
}

/** A group that has nothing but another one. */
function holding(name: string, group: Hdf5Group | undefined): Hdf5Group {
  const groups = new Map(group ? [[name, group]] : []);
  return { groups, tensors: new Map(), attributes: new Map() };
}

function nameOf(group: Hdf5Group): string | undefined {
  const name = group.groups.get("vars")?.attributes.get("name");
  return typeof name === "string" ? name : undefined;
}

/** As Keras names the groups: LayerNormalization → layer_normalization, Conv1D → conv1d, GRU → gru. */
function snakeCase(className: string): string {
  return className
    .replace(/\W+/g, "")
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}
