import { cannotLoad } from "../errors.js";
import type { Facts } from "../facts/facts.js";
import type { Node } from "../plan/node.js";
import type { Fields } from "./fields.js";

/** A layer of a description, with its name. */
export type Named<T> = T & { readonly name: string };

/** All that the host knows of a kind of layer whose description is a D. */
export interface Kind<D> {
  /** What a description holds besides type, name and from. */
  readonly fields: Fields;
  /** Takes any number of inputs; the others take one. */
  readonly isMerge?: true;
  /** Takes token ids; the others take features. */
  readonly readsTokens?: true;
  /**
   * What a layer gives: the tensors it reads, its output, state and cost go to the facts, its records wait in the node.
   *
   * @throws LmuError tensor-missing, tensor-invalid, description-invalid or model-too-large
   */
  node(layer: Named<D>, inputs: readonly [Node, ...Node[]], f: Facts): Node;
}

/**
 * For layers that go by the position: every step of the input must have its row, and nothing but steps.
 *
 * @throws LmuError description-invalid
 */
export function expectSteps(name: string, { clock }: Node): void {
  const { isSingle, rate, delay } = clock;
  if (isSingle || rate !== "input" || delay) {
    cannotLoad(`${name} reads rows that are not those of the input, expected one for each step`);
  }
}

/**
 * For layers that remember or see several rows: "one row" is renewed by every call, so they would see the calls.
 *
 * @throws LmuError description-invalid
 */
export function expectSequence(name: string, { clock }: Node): void {
  if (clock.isSingle) {
    cannotLoad(`${name} reads one row, expected a sequence`);
  }
}
