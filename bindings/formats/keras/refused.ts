import { LmuError } from "../../errors.js";
import type { KerasLayer } from "./config.js";

/** Layers that models do have, and what to do about them. */
const REFUSED: Readonly<Record<string, string>> = {
  Masking:
    "which skips steps by their values: sequences that are not padded need none, so save the model without it",
  Lambda: "whose code is never executed: put layers in its place that do the same",
};

/**
 * Refuses a model by the layer that its author knows. Masks bring operations along, which stand before it.
 *
 * @throws LmuError layer-unsupported
 */
export function expectNoneRefused(layers: readonly KerasLayer[]): void {
  for (const { name, className } of layers) {
    if (!Object.hasOwn(REFUSED, className)) continue;
    throw new LmuError(
      "layer-unsupported",
      `Cannot load the model: layer ${name} is a ${className}, ${REFUSED[className]}`,
    );
  }
}
