import type { Builder } from "./builder.js";
import type { Clock } from "./clock.js";
import { type Node, nodeOf } from "./node.js";
import { pad4 } from "./panels.js";

/**
 * Rows of equal rates on one clock, that of the branch that looks furthest ahead: the others wait for it.
 *
 * @returns undefined where no wait brings them together: single rows do not say which step they are of, and padding in
 *   front that suffices for rows of its own makes them too early
 */
export function alignNodes(nodes: readonly [Node, ...Node[]], b: Builder): Node[] | undefined {
  const { clock } = nodes.reduce((late, x) => (x.clock.delay > late.clock.delay ? x : late));
  const waits = nodes.map((node) => waitOf(node.clock, clock));
  if (waits.includes(undefined)) return undefined;
  return nodes.map((node, i) => (waits[i] ? delayed(node, clock, waits[i], b) : node));
}

/**
 * The most rows by which a clock is ahead of a later one of the same rate; undefined if it can be behind.
 *
 * After n steps, n > 0, a clock has max(c, ⌊(n - delay + k) / stepsPerRow⌋) rows: k comes with the rate, and c ≥ 0 are those
 * that padding in front makes without any input. So what holds after the first step holds from then on.
 */
function waitOf(early: Clock, late: Clock): number | undefined {
  if (early.id === late.id) return 0;
  const ahead = early.rowsAfter(1, false) - late.rowsAfter(1, false);
  const lag = late.delay - early.delay;
  if (lag === 0) return early.isSingle || ahead === 0 ? 0 : undefined;
  if (ahead < 0 || early.isSingle) return undefined;
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
