import { type Matrix, times, type Vector } from "./oracle-algebra.js";

/** A stored tensor, as the oracle reads it. */
export interface Values {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

/** The tensors of a layer, by role. */
export class Weights {
  readonly #vectors = new Map<string, Vector>();
  readonly #matrices = new Map<string, Matrix>();

  constructor(
    private readonly tensors: ReadonlyMap<string, Values>,
    private readonly prefix: string,
  ) {}

  under(prefix: string): Weights {
    return new Weights(this.tensors, `${this.prefix}.${prefix}`);
  }

  /** The tensors of another layer. */
  beside(layer: string): Weights {
    return new Weights(this.tensors, layer);
  }

  shape(role: string): readonly number[] {
    return this.tensors.get(`${this.prefix}.${role}`)!.shape;
  }

  has(role: string): boolean {
    return this.tensors.has(`${this.prefix}.${role}`);
  }

  vector(role: string): Vector {
    const known = this.#vectors.get(role);
    if (known) return known;
    const vector = Array.from(this.tensors.get(`${this.prefix}.${role}`)!.values);
    this.#vectors.set(role, vector);
    return vector;
  }

  matrix(role: string): Matrix {
    const known = this.#matrices.get(role);
    if (known) return known;
    const { shape, values } = this.tensors.get(`${this.prefix}.${role}`)!;
    const columns = shape.slice(1).reduce((product, size) => product * size, 1);
    const matrix = Array.from({ length: shape[0]! }, (_, row) =>
      Array.from({ length: columns }, (_, column) => values[row * columns + column]!),
    );
    this.#matrices.set(role, matrix);
    return matrix;
  }

  /** W x, or zeros when there is no such tensor. */
  product(role: string, x: Vector | undefined, size: number): number[] {
    return x && this.has(role) ? times(this.matrix(role), x) : new Array<number>(size).fill(0);
  }
}
