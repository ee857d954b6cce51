import { activation } from "./activation.js";
import { dense } from "./dense.js";
import type { FULL_KINDS } from "./full-kinds.js";
import type { Kind } from "./kind.js";
import { last } from "./last.js";
import { lmu } from "./lmu.js";
import { gru, lstm, rnn } from "./recurrent.js";
import { scale } from "./scale.js";

/** The kinds of layer of lmu.wasm, by their type in a description. */
export const KINDS = {
  lmu,
  dense,
  rnn,
  lstm,
  gru,
  activation,
  scale,
  last,
};

/** What kinds have for a description. */
type DescriptionOf<K> = K extends Kind<infer D> ? D : never;

/** A description of any kind. */
export type OneLayer = DescriptionOf<
  (typeof KINDS)[keyof typeof KINDS] | (typeof FULL_KINDS)[keyof typeof FULL_KINDS]
>;

/** What validates and plans the layers of descriptions, by their type. */
export type Kinds = Readonly<Record<string, Kind<never>>>;
