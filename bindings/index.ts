/**
 * Run Legendre Memory Unit models: load a file, run sequences, stream signals.
 *
 * @packageDocumentation
 */
import { type Load, loadWith } from "./load.js";
import { inlineModule } from "./runtime/inline.js";

export * from "./api.js";

/** Loads a model of any supported format, found out by its bytes. See {@link Load}. */
export const load: Load = loadWith(inlineModule);
