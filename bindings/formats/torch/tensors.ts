import { LmuError } from "../../errors.js";
import { type Tensor, sizeOf } from "../../tensor.js";

/** Wanted lengths of a tensor's axes; undefined takes any. */
type Shape = readonly (number | undefined)[];

/** The tensors of one layer: those whose names begin with its prefix. */
export class Weights {
  /**
   * @param base - what the names begin with, dot included
   * @param type - of the layer, for messages
   * @param read - collects the names of all that was asked for
   */
  constructor(
    private readonly all: ReadonlyMap<string, Tensor>,
    readonly base: string,
    private readonly type: string,
    private readonly read: Set<string>,
  ) {}

  has(name: string): boolean {
    return this.all.has(this.base + name);
  }

  /** Lengths of the axes; none when there is no such tensor. */
  shapeOf(name: string): readonly number[] {
    return this.all.get(this.base + name)?.shape ?? [];
  }

  /** @throws LmuError tensor-missing, tensor-invalid */
  get(name: string, ...shape: Shape): Tensor {
    const tensor = this.find(name, ...shape);
    if (tensor) return tensor;
    const have = this.names().slice(0, 12).join(", ") || "nothing";
    throw new LmuError(
      "tensor-missing",
      `Cannot load the model: tensor ${this.base}${name} is missing, ${this.type} needs it; ` +
        `${this.base ? `under ${this.base}` : "in the file"} is ${have}`,
    );
  }

  /** @throws LmuError tensor-invalid */
  find(name: string, ...shape: Shape): Tensor | undefined {
    const tensor = this.all.get(this.base + name);
    if (!tensor) return undefined;
    this.read.add(this.base + name);
    const fits =
      tensor.shape.length === shape.length &&
      tensor.shape.every((length, axis) => length === (shape[axis] ?? length));
    if (!fits || sizeOf(tensor.shape) === 0) {
      const wanted = shape.map((length) => length ?? "any").join(", ");
      this.refuse(name, `has shape [${tensor.shape.join(", ")}], ${this.type} expects [${wanted}]`);
    }
    return tensor;
  }

  /** A vector, however many axes of length 1 it is stored with. */
  vector(name: string, length: number): Tensor {
    const tensor = this.get(name, ...this.shapeOf(name));
    if (sizeOf(tensor.shape) !== length) {
      this.refuse(name, `has shape [${tensor.shape.join(", ")}], ${this.type} expects [${length}]`);
    }
    return { ...tensor, shape: [length] };
  }

  /** Counts tensors as read that the layer has, but does not need. */
  skip(...names: string[]): void {
    for (const name of names) this.read.add(this.base + name);
  }

  /** Names under the prefix, without it. */
  names(): string[] {
    const names = [...this.all.keys()].filter((name) => name.startsWith(this.base));
    return names.map((name) => name.slice(this.base.length));
  }

  /** The same tensors, seen from where the one of this name stands: "lmu." or "lmu.cell." for "W_x". */
  around(name: string): Weights {
    if (this.has(name)) return this;
    const places = this.names().filter((found) => found.endsWith(`.${name}`));
    if (places.length > 1) {
      throw new LmuError(
        "description-invalid",
        `Cannot load the model: ${this.type} with prefix ${JSON.stringify(this.base.slice(0, -1))} is one of ` +
          `${places.length}, expected a prefix of one: ${places.slice(0, 4).join(", ")}`,
      );
    }
    const inner = places[0]?.slice(0, -name.length) ?? "";
    return new Weights(this.all, this.base + inner, this.type, this.read);
  }

  refuse(name: string, problem: string): never {
    throw new LmuError(
      "tensor-invalid",
      `Cannot load the model: tensor ${this.base}${name} ${problem}`,
    );
  }
}
