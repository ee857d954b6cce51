import type { Description } from "../../description.js";
import { LmuError } from "../../errors.js";

/** The metadata key of a safetensors file that holds the model description. */
export const NATIVE_KEY = "lmu-wasm";

/** Characters of a description; 10,000 layers take 2 MB, and JSON.parse up to 47 bytes for each character. */
const MAX_DESCRIPTION = 1 << 24;

/**
 * The description among the texts of a file, unchecked; undefined when the file is safetensors of another kind.
 *
 * @throws LmuError format-invalid
 */
export function readNative(metadata: ReadonlyMap<string, string>): Description | undefined {
  const text = metadata.get(NATIVE_KEY);
  if (text === undefined) return undefined;
  try {
    if (text.length > MAX_DESCRIPTION) throw new RangeError("too long");
    return JSON.parse(text) as Description;
  } catch (cause) {
    throw new LmuError(
      "format-invalid",
      `Cannot read the model: metadata ${NATIVE_KEY} is no valid JSON of at most ${MAX_DESCRIPTION} characters`,
      { cause },
    );
  }
}

/** Name of the tensor that holds the scale per row of an int8 tensor. */
export function scaleName(name: string): string {
  return `${name}:scale`;
}
