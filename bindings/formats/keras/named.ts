import { LmuError } from "../../errors.js";
import type { Tensor } from "../../tensor.js";
import { descend, type Hdf5Group } from "../containers/hdf5.js";
import { collect, type LayerWeights, type ModelWeights, type Part } from "./layer-weights.js";

/*
 * Keras 2 and earlier: <layer>/<weight_names…>.
 */

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
    private readonly all: readonly Variable[],
    private readonly layer: string,
  ) {
    this.#left = [...all];
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

  /**
   * A nested model's weights stand in one list: each layer takes those with its name behind the model's in the path,
   * as Keras 3 writes them, or else anywhere in it.
   */
  model(): ModelWeights {
    const variables = this.all.map(({ path, tensor }) => ({
      path: path.slice(path.indexOf(this.layer) + 1),
      tensor,
    }));
    return {
      layer: (name) => {
        const behind = variables.filter(({ path }) => path.length > 1 && path[0] === name);
        const anywhere = this.all.filter(({ path }) => path.slice(0, -1).includes(name));
        return new NamedWeights(behind.length ? behind : anywhere, name);
      },
    };
  }
}
