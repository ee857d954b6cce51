import { pad4 } from "../facts/bytes.js";
import { expectSteps, type Kind } from "./kind.js";

/** y = x + weight[position]: learned positions, and so many steps at most. Roles: weight [positions, inputs]. */
export interface PositionsDescription {
  readonly type: "positions";
}

export const positions: Kind<PositionsDescription> = {
  fields: {},
  node({ name }, [x], f) {
    expectSteps(name, x);
    const { width, clock } = x;
    const [count] = f.shape(`${name}.weight`, undefined, width);
    f.maxSteps = Math.min(f.maxSteps, count);
    return {
      width,
      clock,
      lower: (b, [rows]) =>
        b.append("positions", rows, clock, width, {
          table: b.weights.table(`${name}.weight`, count, width, pad4(width)),
        }),
    };
  },
};
