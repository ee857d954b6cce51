import { LmuError } from "../../errors.js";
import type { KerasLayer } from "./config.js";
import { Fields } from "./fields.js";

/** Layers that models do have, and what to do about them. */
const REFUSED: Readonly<Record<string, string>> = {
  Masking:
    "which skips steps by their values: sequences that are not padded need none, so save the model without it",
  Lambda: "whose code is never executed: put layers in its place that do the same",
};

/** A masked step changes no state, so tokens of padding can be left out. */
const MASKED =
  "false: outputs are the same where no token is 0, so leave padding out and save the model without it";

/**
 * Refuses a model by the layer that its author knows. Masks, also that of an Embedding, bring operations along, which stand
 * before it and whose refusal would not tell.
 *
 * @throws LmuError layer-unsupported, or option-unsupported for the mask of an Embedding
 */
export function expectNoneRefused(layers: readonly KerasLayer[], kerasVersion: number): void {
  for (const { name, className, config } of layers) {
    if (className === "Embedding" && config["mask_zero"] === true)
      Fields.read(name, config, kerasVersion, (fields) => fields.refuse("mask_zero", MASKED));
    if (!Object.hasOwn(REFUSED, className)) continue;
    throw new LmuError(
      "layer-unsupported",
      `Cannot load the model: layer ${name} is a ${className}, ${REFUSED[className]}`,
    );
  }
}
