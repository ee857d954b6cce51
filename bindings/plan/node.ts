import { LmuError } from "../errors.js";
import type { Address } from "./address.js";
import type { Clock } from "./clock.js";
import { pad4 } from "./panels.js";

/** Rows of features that a layer produced. */
export interface Node {
  readonly at: Address;
  /** Features in use. */
  readonly width: number;
  readonly clock: Clock;
  /** Ids instead of features: the vocabulary. */
  readonly vocabulary?: number;
}

/** Bytes from row to row of a node. */
export function strideOf(node: { readonly width: number }): number {
  return pad4(node.width) * 4;
}

/** A reader of an affine layer: rows of a node, or the state of a layer, through one weight matrix. */
export interface TermSource {
  readonly input: Node | { readonly state: number; readonly width: number };
  readonly weights: Address;
}

/** A layer of a description, with its name. */
export type Named<T> = T & { readonly name: string };

/**
 * For layers that remember or see several rows: "one row" is renewed by every call, so they would see the calls.
 *
 * @throws LmuError description-invalid
 */
export function expectSequence(name: string, { clock }: Node): void {
  if (!clock.isSingle) return;
  throw new LmuError(
    "description-invalid",
    `Cannot load the model: ${name} reads one row, expected a sequence`,
  );
}
