import { cannotLoad } from "../errors.js";

/** Memory beyond this is refused: wasm32 ends at 4 GB, and engines earlier. */
const MAX_BYTES = 2 ** 32 - 2 ** 20;

/**
 * Asked wherever bytes are added up, so that nothing is made for a size that no memory has.
 *
 * @throws LmuError model-too-large
 */
export function checkBytes(bytes: number): void {
  if (bytes > MAX_BYTES) {
    cannotLoad(`it needs more than ${MAX_BYTES} bytes of memory`, "model-too-large");
  }
}

/** Rounds up to a multiple of 4: the floats of one vector. Not by bits: sizes from files exceed 32. */
export function pad4(count: number): number {
  return Math.ceil(count / 4) * 4;
}
