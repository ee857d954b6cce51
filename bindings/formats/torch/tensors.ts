import { LmuError } from "../../errors.js";
import { type Tensor, sizeOf } from "../../tensor.js";

/** Wanted lengths of a tensor's axes; undefined takes any. */
type Shape = readonly (number | undefined)[];

/** Where the tensors of a layer are. */
export interface Place {
  readonly all: ReadonlyMap<string, Tensor>;
  /** What the names begin with, dot included. */
  readonly base: string;
  /** Of the layer, for messages. */
  readonly type: string;
  /** Names in the file, with the base or without, of tensors that have others there. */
  readonly aliases?: ReadonlyMap<string, string>;
  /** Collects the names of all that was asked for. */
  readonly read?: Set<string>;
}

/** The tensors of one layer: those whose names begin with its prefix, or that its request names. */
export class Weights {
  /** Aliases that were looked up. */
  readonly #used = new Set<string>();

  /** @param outer - names in the file, where these are the tensors of a module inside another */
  constructor(
    private readonly place: Place,
    private readonly outer?: (name: string) => string,
  ) {}

  /** What the names begin with, dot included. */
  get base(): string {
    return this.place.base;
  }

  has(name: string): boolean {
    return this.place.all.has(this.#nameOf(name));
  }

  /** Lengths of the axes; none when there is no such tensor. */
  shapeOf(name: string): readonly number[] {
    return this.place.all.get(this.#nameOf(name))?.shape ?? [];
  }

  /** @throws LmuError tensor-missing, tensor-invalid */
  get(name: string, ...shape: Shape): Tensor {
    const tensor = this.find(name, ...shape);
    if (tensor) return tensor;
    const { all, base, type } = this.place;
    const inside = this.names();
    const have = (inside.length ? inside : [...all.keys()]).slice(0, 12).join(", ");
    throw new LmuError(
      "tensor-missing",
      `Cannot load the model: tensor ${this.#nameOf(name)} is missing, ${type} needs it; ` +
        `${base && inside.length ? `under ${base}` : "in the file"} is ${have || "nothing"}`,
    );
  }

  /** @throws LmuError tensor-invalid */
  find(name: string, ...shape: Shape): Tensor | undefined {
    const { all, type, read } = this.place;
    const stored = this.#nameOf(name);
    const tensor = all.get(stored);
    if (!tensor) return undefined;
    read?.add(stored);
    const fits =
      tensor.shape.length === shape.length &&
      tensor.shape.every((length, axis) => length === (shape[axis] ?? length));
    if (!fits || sizeOf(tensor.shape) === 0) {
      const wanted = shape.map((length) => length ?? "any").join(", ");
      this.refuse(name, `has shape [${tensor.shape.join(", ")}], ${type} expects [${wanted}]`);
    }
    return tensor;
  }

  /** A vector, however many axes of length 1 it is stored with. */
  vector(name: string, length: number): Tensor {
    const tensor = this.get(name, ...this.shapeOf(name));
    if (sizeOf(tensor.shape) !== length) {
      const { type } = this.place;
      this.refuse(name, `has shape [${tensor.shape.join(", ")}], ${type} expects [${length}]`);
    }
    return { ...tensor, shape: [length] };
  }

  /** Counts tensors as read that the layer has, but does not need. */
  skip(...names: string[]): void {
    for (const name of names) this.place.read?.add(this.#nameOf(name));
  }

  /** Names under the prefix, without it, and those of the request, under which the others are not told again. */
  names(): string[] {
    const { all, base, aliases } = this.place;
    if (!aliases) return below(all, base);
    const renamed = new Set([...aliases.keys()].map((name) => this.#nameOf(name)));
    // Without a prefix, all of the file would be the layer's.
    const inside = base === "" ? [] : below(all, base);
    return [...aliases.keys(), ...inside.filter((name) => !renamed.has(base + name))];
  }

  /** Names of the request that no lookup was for. */
  get unused(): string[] {
    return [...(this.place.aliases?.keys() ?? [])].filter((name) => !this.#used.has(name));
  }

  /** The same tensors, seen from where the first one of these names stands: "lmu." or "lmu.cell." for "W_x". */
  around(...landmarks: string[]): Weights {
    if (landmarks.some((name) => this.has(name))) return this;
    const { all, base, type } = this.place;
    const inside = below(all, base);
    const places = landmarks.flatMap((landmark) =>
      inside
        .filter((name) => name.endsWith(`.${landmark}`))
        .map((name) => [name, name.slice(0, -landmark.length)] as const),
    );
    if (places.length > 1) {
      const names = places.slice(0, 4).map(([name]) => name);
      throw new LmuError(
        "description-invalid",
        `Cannot load the model: ${type} with prefix ${JSON.stringify(base.slice(0, -1))} is one of ` +
          `${places.length}, expected a prefix of one: ${names.join(", ")}`,
      );
    }
    return new Weights({ ...this.place, base: base + (places[0]?.[1] ?? "") });
  }

  /** The tensors of a module inside this one. */
  within(module: string): Weights {
    const { aliases: _, ...place } = this.place;
    const nameOf = (name: string) => this.#nameOf(`${module}.${name}`);
    return new Weights({ ...place, base: `${place.base}${module}.` }, nameOf);
  }

  refuse(name: string, problem: string): never {
    throw new LmuError(
      "tensor-invalid",
      `Cannot load the model: tensor ${this.#nameOf(name)} ${problem}`,
    );
  }

  /** The name in the file. */
  #nameOf(name: string): string {
    if (this.outer) return this.outer(name);
    const { all, base, aliases } = this.place;
    const alias = aliases?.get(name);
    if (alias === undefined) return base + name;
    this.#used.add(name);
    return all.has(base + alias) ? base + alias : alias;
  }
}

/** Names that begin with a base, without it. */
function below(all: ReadonlyMap<string, Tensor>, base: string): string[] {
  return [...all.keys()].filter((name) => name.startsWith(base)).map((n) => n.slice(base.length));
}

/** What nn.DataParallel, torch.compile and Lightning put before every name. */
const WRAPPERS = /^((module|_orig_mod|model)\.)+/;

/** What all names begin with, if it is such. */
export function rootOf(tensors: ReadonlyMap<string, Tensor>): string {
  const names = [...tensors.keys()];
  let root = WRAPPERS.exec(names[0] ?? "")?.[0] ?? "";
  while (!names.every((name) => name.startsWith(root))) {
    root = root.slice(0, root.lastIndexOf(".", root.length - 2) + 1);
  }
  return root;
}
