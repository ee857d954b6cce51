import { LmuError } from "../../errors.js";
import type { Tensor } from "../../tensor.js";

/**
 * The variables of one layer, whatever way the file keeps them: numbered within named parts (Keras 3), or by name in
 * one list (Keras 2 and earlier).
 */
export interface LayerWeights {
  /**
   * Variables of a part of the layer by role.
   *
   * @param roles - every variable the part has, in the order Keras creates them
   * @param part - the layer itself unless given
   * @throws LmuError tensor-missing or tensor-invalid when the file holds other variables
   */
  read(roles: readonly string[], part?: Part): Record<string, Tensor>;
  /** All of it anew, for another call of the same layer: what is named is taken once. */
  again(): LayerWeights;
  /** How many numbered variables a part has; undefined in legacy files, where parts have no place of their own. */
  count(path: readonly string[]): number | undefined;
  /** Weights of a nested layer or model. */
  child(part: readonly string[], name: string): LayerWeights;
  /** Weights of the layers of a nested model. */
  model(): ModelWeights;
  /** Weights of cells that an RNN runs one after another, each as those of an RNN around this cell alone. */
  cells(cells: readonly NamedClass[]): readonly LayerWeights[];
  /** Legacy names of the variables; undefined for numbered ones. */
  readonly names: readonly string[] | undefined;
}

/** What Keras goes by when it names groups. */
export interface NamedClass {
  readonly name: string;
  readonly className: string;
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

/** Tensors of all roles; throws unless each is found. */
export function collect(
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
