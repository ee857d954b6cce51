import { cannotLoad } from "../errors.js";
import { pad4 } from "../facts/bytes.js";
import type { Address } from "../plan/address.js";
import type { Builder } from "../plan/builder.js";
import { strideOf } from "../plan/rows.js";
import { integer, MAX_WIDTH, positive } from "./fields.js";
import { expectSteps, type Kind } from "./kind.js";

/**
 * Causal attention over all steps so far (Vaswani et al. 2017). Reads queries, keys and values side by side, head by head, as a
 * dense layer before it makes them; gives a third of what it reads. Roles: none.
 *
 * Keys and values stay in the state, which grows with every step.
 */
export interface AttentionDescription {
  readonly type: "attention";
  readonly heads: number;
  /** Scores are multiplied by it. @defaultValue 1 / √(features of a head) */
  readonly scale?: number;
}

/** Scores at hand: ATTENDED of assembly/kernels/attend.ts, and a vector. */
const SCORES = 68;

/** Heads of so many features, for calls of so many queries. */
export function headsOf(
  b: Builder,
  count: number,
  width: number,
  most: number,
  factor = 1 / Math.sqrt(width),
): Address {
  const all = count * most;
  const size = all * pad4(width);
  const [queries, sums, running, scores] = b.scratch(size, size, all * 2, SCORES);
  return b.program.part("heads", {
    count,
    width,
    factor,
    queries: queries!,
    sums: sums!,
    running: running!,
    scores: scores!,
  });
}

export const attention: Kind<AttentionDescription> = {
  fields: { "heads!": integer(1, MAX_WIDTH), scale: positive },
  node({ name, heads, scale }, [x], f) {
    expectSteps(name, x);
    const { clock } = x;
    const width = x.width / 3;
    const perHead = width / heads;
    if (!Number.isInteger(perHead)) {
      cannotLoad(
        `attention ${name} reads ${x.width} features, expected queries, keys and values of ${heads} heads`,
      );
    }
    const keys = f.rowOfState(2 * heads * pad4(perHead));
    return {
      width,
      clock,
      lower(b, [input]) {
        const output = b.rows(clock, width);
        b.program.record("attention", clock, {
          input: input.at,
          inputStride: strideOf(input),
          output: output.at,
          outputStride: strideOf(output),
          // A call of one stream has the most rows of a stream.
          heads: headsOf(b, heads, perHead, clock.capacity(b.capacity), scale),
          block: f.blockAt,
          rowBytes: f.rowBytes,
          keys,
        });
        return output;
      },
    };
  },
};
