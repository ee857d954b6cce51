import { brief, LmuError } from "../../errors.js";
import type { Json } from "./config.js";
import { isHarmless } from "./harmless-options.js";

/**
 * The options of a layer, each checked where it is asked for; messages name the layer and the option. They can only be
 * had through `Fields.read`, which refuses the layer if an option is left that nobody asked for.
 */
export class Fields {
  readonly #config: Json;
  readonly #asked = new Set<string>();

  private constructor(
    readonly layer: string,
    config: Json,
    /** Major version of Keras that wrote the file. */
    readonly kerasVersion: number,
  ) {
    this.#config = config;
  }

  /**
   * What a reader makes of a layer's options.
   *
   * @throws LmuError option-unsupported when it did not ask for an option that may do something
   */
  static read<T>(
    layer: string,
    config: Json,
    kerasVersion: number,
    reader: (fields: Fields) => T,
  ): T {
    const fields = new Fields(layer, config, kerasVersion);
    const result = reader(fields);
    fields.#expectAllAsked();
    return result;
  }

  /** An option as it stands in the file; undefined when it does not. */
  value(name: string): unknown {
    this.#asked.add(name);
    return Object.hasOwn(this.#config, name) ? this.#config[name] : undefined;
  }

  /** Whether an option is there, and not null. */
  has(name: string): boolean {
    const value = this.value(name);
    return value !== undefined && value !== null;
  }

  /** Options that say nothing for this layer, or nothing that its weights do not say. */
  ignore(...names: readonly string[]): void {
    for (const name of names) this.#asked.add(name);
  }

  integer(name: string, fallback?: number): number {
    const value = this.#first(name) ?? fallback;
    if (!Number.isSafeInteger(value) || (value as number) < 0) this.refuse(name, "a count");
    return value as number;
  }

  number(name: string, fallback?: number): number {
    const value = this.value(name) ?? fallback;
    if (typeof value !== "number" || !Number.isFinite(value)) this.refuse(name, "a number");
    return value;
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.value(name) ?? fallback;
    if (typeof value !== "boolean") this.refuse(name, "true or false");
    return value;
  }

  text(name: string, fallback?: string): string {
    const value = this.value(name) ?? fallback;
    if (typeof value !== "string") this.refuse(name, "a text");
    return value;
  }

  /** Throws unless an option has the one value that is supported, or is not there. */
  only(name: string, wanted: unknown): void {
    if (this.has(name) && brief(this.value(name)) !== brief(wanted)) {
      this.refuse(name, JSON.stringify(wanted));
    }
  }

  /** Throws unless a size is the one of the weights, or is not there. */
  size(name: string, ofWeights: number): void {
    if (this.has(name) && this.#first(name) !== ofWeights) {
      this.refuse(name, `${ofWeights}, as its weights have`);
    }
  }

  refuse(name: string, expected: string): never {
    return refuseOption(this.layer, name, this.value(name), expected);
  }

  /** Keras writes a one-dimensional size as [5] or 5. */
  #first(name: string): unknown {
    const value = this.value(name);
    return Array.isArray(value) && value.length === 1 ? value[0] : (value ?? undefined);
  }

  #expectAllAsked(): void {
    for (const [name, value] of Object.entries(this.#config)) {
      if (this.#asked.has(name) || isHarmless(name, value)) continue;
      refuseOption(
        this.layer,
        name.slice(0, 100),
        value,
        "an option of this layer that lmu-wasm knows, at a value that it can honour",
      );
    }
  }
}

export function refuseOption(layer: string, name: string, value: unknown, expected: string): never {
  throw new LmuError(
    "option-unsupported",
    `Cannot load the model: layer ${layer} has ${name} ${brief(value)}, expected ${expected}`,
  );
}
