import { LmuError } from "../../errors.js";
import type { Tensor } from "../../tensor.js";
import type { Hdf5Group } from "../hdf5.js";

/**
 * The variables of one layer, whatever way the file keeps them: numbered within named parts (Keras 3), or by name in
 * one list (Keras 2 and earlier).
 */
export interface LayerWeights {
  /**
   * Variables of a part of the layer by role.
   *
   * @param roles - every variable the part has, in the order Keras creates them
   * @param within - names of the parts, outermost first; legacy files ignore them but for `inside`
   * @throws LmuError tensor-missing or tensor-invalid when the file holds other variables
   */
  read(roles: readonly string[], part?: Part): Record<string, Tensor>;
  /** How many numbered variables a part has; undefined in legacy files, where parts have no place of their own. */
  count(path: readonly string[]): number | undefined;
  /** Weights of a nested layer or model. */
  child(part: readonly string[], name: string): LayerWeights;
  /** Weights of the layers of a nested model. */
  model(): ModelWeights;
  /** Legacy names of the variables; undefined for numbered ones. */
  readonly names: readonly string[] | undefined;
}

/** Where in a layer variables stand. */
export interface Part {
  /** Groups of a Keras 3 file. */
  readonly path: readonly string[];
  /** A component that legacy names must have, or must not have. */
  readonly inside?: string;
  readonly outside?: string;
}

/** Gives the weights of layer after layer, in the order of the configuration. */
export interface ModelWeights {
  layer(name: string, className: string): LayerWeights;
}

// ---- Keras 3: layers/<class>_<n>/…/vars/<number> ----

/** Weights of a Keras 3 file, `.keras` or `.weights.h5`. */
export class NumberedModelWeights implements ModelWeights {
  readonly #counts = new Map<string, number>();
  readonly #layers: ReadonlyMap<string, Hdf5Group>;

  constructor(root: Hdf5Group) {
    const layers = root.groups.get("layers") ?? root.groups.get("_layer_checkpoint_dependencies");
    this.#layers = layers?.groups ?? new Map();
  }

  /** By the layer's own name where the file keeps it, else by class and order of appearance. */
  layer(name: string, className: string): LayerWeights {
    const snake = snakeCase(className);
    const count = this.#counts.get(snake) ?? 0;
    this.#counts.set(snake, count + 1);
    const counted = this.#layers.get(count === 0 ? snake : `${snake}_${count}`);
    const named =
      [...this.#layers.values()].find((group) => nameOf(group) === name) ?? this.#layers.get(name);
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

  count(path: readonly string[]): number {
    return descend(this.group, [...path, "vars"])?.tensors.size ?? 0;
  }

  child(part: readonly string[], name: string): LayerWeights {
    return new NumberedWeights(descend(this.group, part), name);
  }

  model(): ModelWeights {
    return new NumberedModelWeights(
      this.group ?? { groups: new Map(), tensors: new Map(), attributes: new Map() },
    );
  }
}

function nameOf(group: Hdf5Group): string | undefined {
  const name = group.groups.get("vars")?.attributes.get("name");
  return typeof name === "string" ? name : undefined;
}

function descend(group: Hdf5Group | undefined, path: readonly string[]): Hdf5Group | undefined {
  return path.reduce((at, name) => at?.groups.get(name), group);
}

/** As Keras names the groups: LayerNormalization → layer_normalization, Conv1D → conv1d, GRU → gru. */
function snakeCase(className: string): string {
  return className
    .replace(/\W+/g, "")
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

// ---- Keras 2 and earlier: <layer>/<weight_names…> ----

interface Variable {
  readonly path: readonly string[];
  readonly tensor: Tensor;
}

/** Weights of a legacy HDF5 file, with or without a model around them. */
export class NamedModelWeights implements ModelWeights {
  readonly #root: Hdf5Group;

  constructor(root: Hdf5Group) {
    this.#root = root.groups.get("model_weights") ?? root;
  }

  layer(name: string): LayerWeights {
    const group = this.#root.groups.get(name);
    const names = group?.attributes.get("weight_names");
    const variables: Variable[] = [];
    for (const full of Array.isArray(names) ? names : []) {
      const path = String(full).split("/");
      const tensor = descend(group, path.slice(0, -1))?.tensors.get(path.at(-1)!);
      if (!tensor) {
        throw new LmuError(
          "tensor-missing",
          `Cannot load the model: weight ${String(full)} of ${name} is not in the file`,
        );
      }
      variables.push({ path: path.map((component) => component.replace(/:\d+$/, "")), tensor });
    }
    return new NamedWeights(variables, name);
  }
}

class NamedWeights implements LayerWeights {
  readonly #left: Variable[];

  constructor(
    variables: readonly Variable[],
    private readonly layer: string,
  ) {
    this.#left = [...variables];
  }

  get names(): readonly string[] {
    return this.#left.map(({ path }) => path.at(-1)!);
  }

  /** Takes the first variable of each role that is left. */
  read(roles: readonly string[], { inside, outside }: Part = { path: [] }): Record<string, Tensor> {
    return collect(
      roles,
      (role) => {
        const at = this.#left.findIndex(
          ({ path }) =>
            path.at(-1) === role &&
            (inside === undefined || path.includes(inside)) &&
            (outside === undefined || !path.includes(outside)),
        );
        return at < 0 ? undefined : this.#left.splice(at, 1)[0]!.tensor;
      },
      this.layer,
    );
  }

  count(): undefined {
    return undefined;
  }

  child(): LayerWeights {
    return this;
  }

  /** A nested model's weights stand in one list: each layer takes those with its name in the path. */
  model(): ModelWeights {
    return {
      layer: (name) =>
        new NamedWeights(
          this.#left.filter(({ path }) => path.slice(0, -1).includes(name)),
          name,
        ),
    };
  }
}

function collect(
  roles: readonly string[],
  find: (role: string, index: number) => Tensor | undefined,
  layer: string,
): Record<string, Tensor> {
  const found: Record<string, Tensor> = {};
  for (const [i, role] of roles.entries()) {
    const tensor = find(role, i);
    if (!tensor)
      throw new LmuError(
        "tensor-missing",
        `Cannot load the model: ${layer} has no ${role} in the file`,
      );
    found[role] = tensor;
  }
  return found;
}
