import { LmuError } from "../../errors.js";

/** Values of configurations that are read again, for further calls of what they describe. */
const MAX_REPEATED = 4_000_000;
/** Calls of layers, those of nested models for every call of the model: a few levels of two calls each are millions. */
const MAX_CALLS = 10_000;

/**
 * Bounds the work of a walk through a configuration: what is read once is linear in the file; what shared layers and
 * nested models make to be read again is counted.
 */
export class Budget {
  #calls = 0;
  #repeated = 0;
  readonly #seen = new Set<object>();
  /** Sizes of large parts, in values of JSON. */
  readonly #sizes = new Map<object, number>();

  /** @throws LmuError model-too-large */
  call(calls: number): void {
    this.#calls += calls;
    if (this.#calls > MAX_CALLS) refuse(`calls layers more than ${MAX_CALLS} times`);
  }

  /**
   * Counts a reading of each part of a configuration.
   *
   * @throws LmuError model-too-large
   */
  read(parts: readonly unknown[]): void {
    for (const part of parts) {
      if (typeof part !== "object" || part === null) continue;
      if (this.#seen.has(part)) this.#repeated += this.#sizeOf(part);
      this.#seen.add(part);
    }
    if (this.#repeated > MAX_REPEATED) {
      refuse(`reads configurations of layers again, more than ${MAX_REPEATED} values of them`);
    }
  }

  /** How many values there are in one of JSON, which is nowhere deeper than the stack. */
  #sizeOf(value: unknown): number {
    if (typeof value !== "object" || value === null) return 1;
    const known = this.#sizes.get(value);
    if (known !== undefined) return known;
    let size = 1;
    for (const inner of Object.values(value)) size += this.#sizeOf(inner);
    // Parts of parts, too: each level of nested models asks for its own.
    if (size > 100) this.#sizes.set(value, size);
    return size;
  }
}

function refuse(problem: string): never {
  throw new LmuError("model-too-large", `Cannot load the model: it ${problem}`);
}
