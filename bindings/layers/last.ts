import { pad4 } from "../facts/bytes.js";
import { singleClock } from "../facts/clock.js";
import type { Kind } from "./kind.js";

/** The newest row only. Roles: none. */
export interface LastDescription {
  readonly type: "last";
}

export const last: Kind<LastDescription> = {
  fields: {},
  node(_, [x], f) {
    if (x.clock.isSingle) return x;
    const { width } = x;
    const clock = f.clock(singleClock(x.clock));
    return {
      width,
      clock,
      lower(b, [input]) {
        const output = b.rows(clock, width);
        b.program.record("last", x.clock, {
          input: input.at,
          output: output.at,
          stride: pad4(width),
          outputClock: clock.id,
        });
        return output;
      },
    };
  },
};
