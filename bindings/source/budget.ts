import { LmuError } from "../errors.js";

/** Most bytes held for one model, unless the caller says otherwise: 2 GiB. */
const DEFAULT = 2 ** 31;

/** An array, or the error that says that the engine gives none of that size. */
export function allocate(bytes: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    const message = `Cannot load the model: the engine has no ${bytes} bytes of memory in one piece`;
    throw new LmuError("source-too-large", message, { cause });
  }
}

/** The bytes that reading one model may still hold in memory, over all of its files and what their archives inflate to. */
export class Budget {
  readonly #maxBytes: number;
  #left: number;

  constructor(maxBytes = DEFAULT) {
    this.#maxBytes = maxBytes;
    this.#left = maxBytes;
  }

  /** Bytes left. */
  get left(): number {
    return this.#left;
  }

  /**
   * Takes bytes that stay in memory from now on.
   *
   * @throws LmuError source-too-large, and takes nothing
   */
  hold(bytes: number): void {
    if (bytes > this.#left) {
      const problem = `it has more than ${this.#maxBytes} bytes to hold in memory`;
      throw new LmuError(
        "source-too-large",
        `Cannot load the model: ${problem}, expected at most the option maxBytes`,
      );
    }
    this.#left -= bytes;
  }

  /**
   * An array of bytes that stay in memory from now on.
   *
   * @throws LmuError source-too-large, and takes nothing
   */
  allocate(bytes: number): Uint8Array<ArrayBuffer> {
    this.hold(bytes);
    return allocate(bytes);
  }
}
