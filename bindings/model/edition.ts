import type { Description, LayerDescription } from "../description.js";
import { type Kinds, KINDS } from "../layers/kinds.js";
import type { WasmModule } from "../runtime/kernel.js";

/** What a model is made with: the kinds of layer there are, and the compiled wasm that runs their records. */
export interface Edition {
  readonly kinds: Kinds;
  readonly module: WasmModule;
  /** Whether the module is lmu-full.wasm, or is to be: what is passed as wasm may be another. */
  readonly isFull: boolean;
}

/** What the entry `full` exports: the kinds that lmu.wasm does not have, and lmu-full.wasm. */
export interface Full {
  readonly kinds: Kinds;
  module(): WasmModule;
}

/** The edition with all kinds. @param wasm - instead of lmu-full.wasm of the package */
export function fullEdition({ kinds, module }: Full, wasm?: WasmModule): Edition {
  return { kinds: { ...KINDS, ...kinds }, module: wasm ?? module(), isFull: true };
}

/**
 * The least edition that knows the layers of a description. That has not been checked yet: what it may hold depends on the
 * edition.
 *
 * @param wasm - instead of the modules of the package
 * @throws LmuError wasm-unavailable; what importing throws
 */
export async function editionFor(
  { layers }: Partial<Description>,
  wasm: WasmModule | undefined,
  core: () => WasmModule,
  full: () => Promise<Full>,
): Promise<Edition> {
  const isOther = (layer: Partial<LayerDescription> | null) =>
    typeof layer?.type === "string" && !Object.hasOwn(KINDS, layer.type);
  if (Array.isArray(layers) && layers.some(isOther)) return fullEdition(await full(), wasm);
  return { kinds: KINDS, module: wasm ?? core(), isFull: false };
}
