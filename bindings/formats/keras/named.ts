import { LmuError } from "../../errors.js";
import type { Tensor } from "../../tensor.js";
import { descend, type Hdf5Group } from "../containers/hdf5.js";
import { collect, type LayerWeights, type ModelWeights, type Part } from "./layer-weights.js";

/*
 * Keras 2 and earlier: <layer>/<weight_names…>.
 */

/** Whether a file is of this kind, and not of weights by number. */
export function isNamed(root: Hdf5Group): boolean {
  return root.groups.has("model_weights") || listOf(root, "layer_names") !== undefined;
}

/** A list of texts; those of more than 64 KB are cut into <name>0, <name>1, …. */
function listOf(group: Hdf5Group, name: string): unknown[] | undefined {
  const whole = group.attributes.get(name);
  if (Array.isArray(whole)) return whole;
  const parts: unknown[][] = [];
  for (let part; Array.isArray((part = group.attributes.get(`${name}${parts.length}`)));)
    parts.push(part);
  return parts.length > 0 ? parts.flat() : undefined;
}

interface Variable {
  readonly path: readonly string[];
  readonly tensor: Tensor;
}

/** Weights of a legacy HDF5 file, with or without a model around them. */
export class NamedModelWeights implements ModelWeights {
  readonly #root: Hdf5Group;
  /** Found once for all layers of a name. */
  readonly #found = new Map<string, readonly Variable[]>();

  constructor(root: Hdf5Group) {
    this.#root = root.groups.get("model_weights") ?? root;
  }

  layer(name: string): LayerWeights {
    const variables = this.#found.get(name) ?? this.#variablesOf(name);
    this.#found.set(name, variables);
    return new NamedWeights(variables, name);
  }

  #variablesOf(name: string): Variable[] {
    const group = this.#root.groups.get(name);
    const names = group && listOf(group, "weight_names");
    const variables: Variable[] = [];
    for (const full of names ?? []) {
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
    return variables;
  }
}

/** Variables by a name in their path: right behind the model's, or anywhere. */
interface NestedVariables {
  readonly behind: ReadonlyMap<string, readonly Variable[]>;
  readonly anywhere: ReadonlyMap<string, readonly Variable[]>;
}

/** Variables of one layer, which each of its calls looks through; a nested model may have more. */
const MAX_VARIABLES = 100;

class NamedWeights implements LayerWeights {
  /** What has not been taken yet; made when a call first asks. */
  #variables: Variable[] | undefined;
  /** Variables of a model by the layers inside it; made when the model is first called. */
  #nested: NestedVariables | undefined;

  constructor(
    private readonly all: readonly Variable[],
    private readonly layer: string,
  ) {}

  get #left(): Variable[] {
    if (this.all.length > MAX_VARIABLES) {
      throw new LmuError(
        "tensor-invalid",
        `Cannot load the model: ${this.layer} has ${this.all.length} variables in the file, expected at most ${MAX_VARIABLES}`,
      );
    }
    return (this.#variables ??= [...this.all]);
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

  again(): NamedWeights {
    return new NamedWeights(this.all, this.layer);
  }

  count(): undefined {
    return undefined;
  }

  child(): LayerWeights {
    return this;
  }

  /** They stand in one list, and each cell takes the first that are left. */
  cells(cells: readonly unknown[]): LayerWeights[] {
    return cells.map(() => this);
  }

  /**
   * A nested model's weights stand in one list: each layer takes those with its name behind the model's in the path,
   * as Keras 3 writes them, or else anywhere in it.
   */
  model(): ModelWeights {
    this.#nested ??= this.#byLayer();
    const { behind, anywhere } = this.#nested;
    return {
      layer: (name) => new NamedWeights(behind.get(name) ?? anywhere.get(name) ?? [], name),
    };
  }

  #byLayer(): NestedVariables {
    const [behind, anywhere] = [new Map<string, Variable[]>(), new Map<string, Variable[]>()];
    const add = (to: typeof behind, name: string, variable: Variable) => {
      const others = to.get(name);
      if (others) others.push(variable);
      else to.set(name, [variable]);
    };
    for (const variable of this.all) {
      const { tensor } = variable;
      const path = variable.path.slice(variable.path.indexOf(this.layer) + 1);
      if (path.length > 1) add(behind, path[0]!, { path, tensor });
      for (const name of new Set(variable.path.slice(0, -1))) add(anywhere, name, variable);
    }
    return { behind, anywhere };
  }
}
