import { cannotLoad } from "../errors.js";
import { pad4 } from "../facts/bytes.js";
import type { Kind } from "./kind.js";

/** All rows in one. Roles: none. */
export interface FlattenDescription {
  readonly type: "flatten";
}

export const flatten: Kind<FlattenDescription> = {
  fields: {},
  node({ name }, [x], f) {
    const { isSingle, rows } = x.clock;
    if (isSingle) return x;
    if (rows === undefined) {
      cannotLoad(
        `flatten ${name} has a sequence of any length, expected a fixed number of input steps`,
      );
    }
    f.needWholeSequence(`${name} needs all ${rows} steps at once`);
    const clock = f.single(x.clock);
    const width = rows * x.width;
    return {
      width,
      clock,
      lower(b, [input]) {
        const output = b.rows(clock, width);
        b.program.record("flatten", x.clock, {
          input: input.at,
          output: output.at,
          stride: pad4(x.width),
          width: x.width,
          outputStride: pad4(width),
          outputClock: clock.id,
        });
        return output;
      },
    };
  },
};
