import { cannotLoad } from "../errors.js";
import { pad4 } from "../facts/bytes.js";
import type { Capacity, Clock } from "../facts/clock.js";
import type { Facts } from "../facts/facts.js";
import type { Address } from "../plan/address.js";
import type { Builder } from "../plan/builder.js";
import type { Node } from "../plan/node.js";
import type { Rows } from "../plan/rows.js";
import { expectSequence } from "./kind.js";

/** What of the sequence a convolution or a pooling sees at a time, in rows. */
export interface Geometry {
  /** From the first to the last row a window covers. */
  readonly span: number;
  readonly stride: number;
  /** Zero rows before and after the sequence. */
  readonly left: number;
  readonly right: number;
}

/** A window over the rows of a node. */
export interface Window {
  /** Of what comes out of it. */
  readonly clock: Clock;
  /** Appends its record. */
  lower(b: Builder, rows: Rows): Address;
}

export function windowOf(name: string, x: Node, geometry: Geometry, f: Facts): Window {
  expectSequence(name, x);
  const { span, stride, left, right } = geometry;
  f.countWindow(name, left + right);
  const width = pad4(x.width);
  const kept = Math.max(span - 1, left);
  const inView = (call: Capacity) => x.clock.capacity(call) + (kept + right) * call.streams;
  const clock: Clock = f.clock({
    capacity: (call) => Math.ceil(inView(call) / stride) + call.streams,
    ...windowRows(name, x.clock, geometry),
  });
  // Rows seen but not passed by: those of padding in front are not counted, those to be skipped are below zero.
  const seen = { of: x.clock, less: clock, times: stride };
  const state = f.state("count", [1], { type: "i32", counts: [seen] });
  f.phases.push(state);
  f.state("rows", [kept, x.width], { stride: width, used: { rows: seen, more: left } });
  return {
    clock,
    lower(b, { at: input }) {
      const rows = b.buffer(inView(b.capacity) * width);
      const fields = { input, width, rows, span, stride, left, right, state };
      return b.program.part("window", fields);
    },
  };
}

/** When a window over the rows of a clock makes rows of its own. */
function windowRows(
  name: string,
  from: Clock,
  { span, stride, left, right }: Geometry,
): Omit<Clock, "id" | "capacity"> {
  const made = (seen: number) => (seen < span ? 0 : Math.floor((seen - span) / stride) + 1);
  const rows = from.rows === undefined ? undefined : made(from.rows + left + right);
  if (rows === 0) {
    cannotLoad(`${name} has ${from.rows} steps to read, expected at least ${span - left - right}`);
  }
  const keepsLength = stride === 1 && left + right === span - 1;
  return {
    isSingle: false,
    rate: keepsLength ? from.rate : `${from.rate} ${span}/${stride}+${left}+${right}`,
    delay: from.delay + right * from.stepsPerRow,
    stepsPerRow: from.stepsPerRow * stride,
    rows,
    rowsAfter: (steps, isEnded) => {
      // The padding in front may suffice for outputs, but the first call makes them.
      if (steps === 0 && !isEnded) return 0;
      return made(from.rowsAfter(steps, isEnded) + left + (isEnded ? right : 0));
    },
  };
}
