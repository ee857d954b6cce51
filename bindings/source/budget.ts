import { LmuError } from "../errors.js";

/** Most bytes held for one model, unless the caller says otherwise: 2 GiB. */
const DEFAULT = 2 ** 31;

/** The bytes that reading one model may still hold in memory, over all of its files and what their archives inflate to. */
export class Budget {
  left: number;

  constructor(private readonly maxBytes = DEFAULT) {
    this.left = maxBytes;
  }

  /**
   * Takes bytes that stay in memory from now on.
   *
   * @throws LmuError source-too-large
   */
  hold(bytes: number): void {
    this.left -= bytes;
    if (this.left < 0) tooLarge(`the option maxBytes, ${this.maxBytes} bytes`);
  }

  /**
   * An array of bytes that stay in memory from now on.
   *
   * @throws LmuError source-too-large
   */
  allocate(bytes: number): Uint8Array<ArrayBuffer> {
    this.hold(bytes);
    return allocate(bytes);
  }
}

/** An array, or the error that says that the engine gives none of that size. */
export function allocate(bytes: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    return tooLarge("any array of this engine", cause);
  }
}

function tooLarge(most: string, cause?: unknown): never {
  const message = `Cannot load the model: it is larger in memory than ${most}`;
  throw new LmuError("source-too-large", message, { cause });
}
