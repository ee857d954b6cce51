import { addActivations, type Definitions, isCoreActivation } from "../activations.js";
import type { Description } from "../description.js";
import { type Kinds, KINDS } from "../layers/kinds.js";
import type { Planner } from "../plan/builder.js";
import type { Int8Matrix } from "../plan/int8-matrix.js";
import type { WasmModule } from "../runtime/kernel.js";

/** What a model is made with: the kinds of layer there are, and the compiled wasm that runs their records. */
export interface Edition {
  readonly kinds: Kinds;
  readonly module: WasmModule;
  /** Whether the module is lmu-full.wasm, or is to be: what is passed as wasm may be another. */
  readonly isFull: boolean;
  /** Makes memories take many rows at once; undefined if they only step. */
  readonly planner?: Planner | undefined;
  /** What its matrices become that are multiplied in int8, if any are. */
  readonly Int8?: typeof Int8Matrix | undefined;
}

/** What `lmu-wasm/full` exports. */
export interface Full {
  /** The kinds of layer that lmu.wasm does not have. */
  readonly kinds: Kinds;
  /** The activations that lmu.wasm does not have. */
  readonly activations: Definitions;
  /** Makes memories take many rows at once. */
  readonly planner: Planner;
  /** How matrices of integers stand in memory. */
  readonly Int8Matrix: typeof Int8Matrix;
  /** lmu-full.wasm, compiled on first use. */
  module(): WasmModule;
}

/** Options of load that decide on the edition. */
export interface EditionOptions {
  readonly wasm?: WasmModule | undefined;
  readonly full?: Full | undefined;
  readonly prefill?: "exact" | "parallel" | undefined;
  readonly weights?: "f32" | "int8" | undefined;
}

/** The edition with all kinds. @param wasm - instead of lmu-full.wasm of the package */
export function fullEdition({ kinds, activations, module }: Full, wasm?: WasmModule): Edition {
  addActivations(activations);
  return { kinds: { ...KINDS, ...kinds }, module: wasm ?? module(), isFull: true };
}

/**
 * The least edition that knows the layers of a description, and does what the options ask for. The description has not been
 * checked yet: what it may hold depends on the edition.
 *
 * @param options - wasm instead of the modules of the package; the full edition, if the caller has it; prefill; weights
 * @throws LmuError wasm-unavailable; what importing throws
 */
export async function editionFor(
  { layers }: Partial<Description>,
  { wasm, full, prefill, weights }: EditionOptions,
  core: () => WasmModule,
  importFull: () => Promise<Full>,
): Promise<Edition> {
  const isParallel = prefill === "parallel";
  const isInt8 = weights === "int8";
  if (isParallel || isInt8 || namesOthers(layers)) {
    const all = full ?? (await importFull());
    return {
      ...fullEdition(all, wasm),
      planner: isParallel ? all.planner : undefined,
      Int8: isInt8 ? all.Int8Matrix : undefined,
    };
  }
  return { kinds: KINDS, module: wasm ?? core(), isFull: false };
}

/** Whether a kind of layer or an activation is named that the core does not have. Values of the wrong kind are refused later. */
function namesOthers(layers: unknown): boolean {
  let isFound = false;
  try {
    JSON.stringify(layers, (key, name: unknown) => {
      const isNamed = typeof name === "string" && (key === "type" || key.endsWith("ctivation"));
      isFound ||= isNamed && !(Object.hasOwn(KINDS, name) || isCoreActivation(name));
      return name;
    });
  } catch {
    // Nothing that JSON can hold.
  }
  return isFound;
}
