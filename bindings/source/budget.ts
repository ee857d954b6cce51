import { cannotLoad } from "../errors.js";

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
   * @param bytes - below 0: given back
   * @throws LmuError source-too-large
   */
  hold(bytes: number): void {
    this.left -= bytes;
    if (this.left < 0) tooLarge(`the option maxBytes, ${this.maxBytes} bytes`);
  }
}

/** @throws LmuError source-too-large */
export function tooLarge(most: string, cause?: unknown): never {
  cannotLoad(`it is larger in memory than ${most}`, "source-too-large", cause);
}
