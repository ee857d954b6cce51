import { cannotLoad } from "../errors.js";
import { pad4 } from "../facts/bytes.js";
import type { Clock } from "../facts/clock.js";
import type { Facts } from "../facts/facts.js";
import { areRenewedTogether, lastToBegin, waitOf } from "../facts/waits.js";
import type { Builder } from "../plan/builder.js";
import type { Node } from "../plan/node.js";
import type { Rows } from "../plan/rows.js";
import type { Named } from "./kind.js";

type Inputs = readonly [Node, ...Node[]];

/** Nodes that a layer reads row by row, together. */
interface Aligned {
  /** Of the rows made of them. */
  readonly clock: Clock;
  /** Appends the delays of those that have to wait; returns the rows that advance together. */
  lower(b: Builder, rows: readonly [Rows, ...Rows[]]): readonly [Rows, ...Rows[]];
}

/**
 * Brings rows of equal rates to one clock, that of the branch that looks furthest ahead: the others wait for it. Where no
 * wait brings them together the model needs its whole sequence.
 *
 * @throws LmuError description-invalid if their numbers of steps differ
 */
export function align(
  { type, name }: Named<{ readonly type: string }>,
  inputs: Inputs,
  f: Facts,
): Aligned {
  const clocks = inputs.map(({ clock }) => clock) as [Clock, ...Clock[]];
  const [first] = clocks;
  const rateOf = ({ isSingle, rate }: Clock) => (isSingle ? "single" : rate);
  if (clocks.some((clock) => rateOf(clock) !== rateOf(first))) {
    cannotLoad(`${type} ${name} has inputs with different numbers of steps, expected equal ones`);
  }
  const aligned = first.isSingle ? alignSingle(clocks) : alignRows(inputs, clocks, f);
  if (aligned) return aligned;
  const delays = [...new Set(clocks.map(({ delay }) => delay))];
  f.needWholeSequence(
    delays.length > 1
      ? `the inputs of ${name} look ahead ${delays.join(" and ")} steps, and no wait brings them together`
      : `the inputs of ${name} have new rows at different steps`,
  );
  return { clock: first.isSingle ? lastToBegin(clocks) : first, lower: (_, rows) => rows };
}

/** Single rows cannot wait: nothing says which steps they are of. */
function alignSingle(clocks: readonly [Clock, ...Clock[]]): Aligned | undefined {
  const clock = lastToBegin(clocks);
  if (!clocks.every((one) => areRenewedTogether(one, clock))) return undefined;
  return { clock, lower: (_, rows) => rows };
}

function alignRows(inputs: Inputs, clocks: readonly Clock[], f: Facts): Aligned | undefined {
  const clock = clocks.reduce((late, one) => (one.delay > late.delay ? one : late));
  const waits = clocks.map((one) => waitOf(one, clock));
  if (waits.includes(undefined)) return undefined;
  const delays = inputs.map((node, i) =>
    waits[i] ? delayOf(node, clock, waits[i], f) : undefined,
  );
  return {
    clock,
    lower: (b, rows) =>
      rows.map((one, i) => delays[i]?.(b, one) ?? one) as unknown as readonly [Rows, ...Rows[]],
  };
}

/** Holds up to so many rows back until another clock has as many. */
function delayOf({ width, clock: early }: Node, clock: Clock, held: number, f: Facts) {
  const stride = pad4(width);
  /** Place of the oldest row, and rows held back. */
  const first = { of: clock, modulo: held };
  const rows = { of: early, less: clock };
  const state = f.state("waiting", [2], { type: "i32", counts: [first, rows] });
  f.state("rows", [held, width], { stride, used: { first, rows } });
  return (b: Builder, { at: input, clock: from }: Rows): Rows => {
    const output = b.rows(clock, width);
    const fields = { input, output: output.at, stride, outputClock: clock.id, held, state };
    b.program.record("delay", from, fields);
    return output;
  };
}
