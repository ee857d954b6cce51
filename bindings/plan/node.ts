import type { Clock } from "../facts/clock.js";
import type { Facts } from "../facts/facts.js";
import type { Builder } from "./builder.js";
import type { Rows } from "./rows.js";

/** What a layer gives, before it has an address. */
export interface Node {
  /** Features of a row. */
  readonly width: number;
  readonly clock: Clock;
  /** Ids instead of features: the vocabulary. */
  readonly vocabulary?: number;
  /** Of its input it reads the newest row alone. */
  readonly readsNewest?: true;
  /** Appends the records that make its rows of those of its inputs. May be asked again, for calls of another capacity. */
  lower(b: Builder, inputs: readonly [Rows, ...Rows[]]): Rows;
}

/** A model as nodes in order of execution, each with what it reads. */
export interface Graph {
  readonly nodes: readonly { readonly node: Node; readonly inputs: readonly Node[] }[];
  readonly input: Node;
  readonly output: Node;
  readonly facts: Facts;
}
