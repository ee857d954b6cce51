import type { Builder } from "./builder.js";
import type { Clock } from "./clock.js";
import { type Node, nodeOf } from "./node.js";
import { pad4 } from "./panels.js";

/** Nodes that a layer reads row by row, together. */
interface Aligned {
  readonly nodes: readonly Node[];
  /** Of the rows made of them. */
  readonly clock: Clock;
  /** Their rows also belong together where calls bring some of the sequence. */
  readonly isStreamable: boolean;
}

/** Brings rows of equal rates to one clock, that of the branch that looks furthest ahead: the others wait for it. */
export function alignNodes(nodes: readonly [Node, ...Node[]], b: Builder): Aligned {
  const [first] = nodes;
  if (first.clock.isSingle) return alignSingle(nodes);
  const { clock } = nodes.reduce((late, x) => (x.clock.delay > late.clock.delay ? x : late));
  const waits = nodes.map((node) => waitOf(node.clock, clock));
  if (waits.includes(undefined)) return { nodes, clock: first.clock, isStreamable: false };
  const waiting = nodes.map((node, i) => (waits[i] ? delayed(node, clock, waits[i], b) : node));
  return { nodes: waiting, clock, isStreamable: true };
}

/**
 * Single rows, "the newest" of a clock each, cannot wait: nothing says which steps they are of. They belong together if a
 * call that renews one renews all, once the last of them has begun.
 */
function alignSingle(nodes: readonly [Node, ...Node[]]): Aligned {
  const { clock } = nodes.reduce((a, x) =>
    startOf(x.clock).begin > startOf(a.clock).begin ? x : a,
  );
  const isStreamable = nodes.every((node) => areRenewedTogether(node.clock, clock));
  return { nodes, clock, isStreamable };
}

function areRenewedTogether(a: Clock, b: Clock): boolean {
  if (a.id === b.id) return true;
  const [first, second] = [startOf(a), startOf(b)];
  const isEqual = a.rate === b.rate && first.rows === second.rows;
  return a.delay === b.delay && (isEqual || (first.isSteady && second.isSteady));
}

/** How a clock begins. */
interface Start {
  /** After one step. */
  readonly rows: number;
  /** Every step has its row, from the first row on. */
  readonly isSteady: boolean;
  /** Steps that a sequence needs for the first row. */
  readonly begin: number;
}

/** A clock that is asked asks all before it: once, however many merges a file has. */
const starts = new WeakMap<Clock, Start>();

function startOf(clock: Clock): Start {
  let start = starts.get(clock);
  if (!start) {
    const rows = clock.rowsAfter(1, false);
    const isSteady = clock.stepsPerRow === 1 && (rows === 0 || clock.rowsAfter(2, false) > rows);
    start = { rows, isSteady, begin: clock.isSingle ? beginOf(clock) : 0 };
    starts.set(clock, start);
  }
  return start;
}

/** No sequence is longer, and integers up to twice as many are exact. */
const MAX_STEPS = 2 ** 52;

function beginOf(clock: Clock): number {
  let [none, some] = [0, 1];
  while (some < MAX_STEPS && clock.rowsAfter(some, true) < 1) [none, some] = [some, 2 * some];
  while (some - none > 1) {
    const middle = Math.floor((none + some) / 2);
    if (clock.rowsAfter(middle, true) < 1) none = middle;
    else some = middle;
  }
  return some;
}

/**
 * The most rows by which a clock is ahead of a later one of the same rate; undefined if no wait keeps them together.
 *
 * After n steps, n > 0, a clock has max(c, ⌊(n - delay + k) / stepsPerRow⌋) rows: k comes with the rate, and c ≥ 0 are those
 * that padding in front makes without any input. So what holds after the first step holds from then on.
 */
function waitOf(early: Clock, late: Clock): number | undefined {
  if (early.id === late.id) return 0;
  const ahead = startOf(early).rows - startOf(late).rows;
  const lag = late.delay - early.delay;
  if (lag === 0) return ahead === 0 ? 0 : undefined;
  if (ahead < 0) return undefined;
  return Math.max(ahead, Math.ceil(lag / early.stepsPerRow));
}

function delayed(node: Node, clock: Clock, held: number, b: Builder): Node {
  const output = nodeOf(b, clock, node.width);
  const stride = pad4(node.width);
  const state = b.state("waiting", [2], "i32");
  b.state("rows", [held, stride]);
  b.program.record("delay", node.clock, {
    input: node.at,
    output: output.at,
    stride,
    outputClock: clock.id,
    held,
    state,
  });
  return output;
}
