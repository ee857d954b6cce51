import { cannotLoad } from "../errors.js";
import type { Clock } from "../facts/clock.js";
import type { Facts } from "../facts/facts.js";
import type { Node } from "../plan/node.js";
import type { Named } from "./kind.js";

/**
 * The clock of nodes that advance together.
 *
 * @throws LmuError description-invalid if they do not
 */
export function commonClock(
  { type, name }: Named<{ readonly type: string }>,
  [{ clock: first }, ...others]: readonly [Node, ...Node[]],
  f: Facts,
): Clock {
  for (const { clock } of others) {
    if (clock.rate !== first.rate) {
      cannotLoad(`${type} ${name} has inputs with different numbers of steps, expected equal ones`);
    }
    if (clock.delay !== first.delay) {
      f.needWholeSequence(
        `the inputs of ${name} look ahead ${first.delay} and ${clock.delay} steps`,
      );
    }
  }
  return first;
}
