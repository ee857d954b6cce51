import { pad4 } from "../facts/bytes.js";
import { oneOf } from "./fields.js";
import type { Kind } from "./kind.js";

/** Largest or mean value of the whole sequence: one row. Roles: none. */
export interface GlobalPoolDescription {
  readonly type: "global-pool";
  readonly mode: "max" | "mean";
}

export const globalPool: Kind<GlobalPoolDescription> = {
  fields: { "mode!": oneOf("max", "mean") },
  node({ mode }, [x], f) {
    if (x.clock.isSingle) return x;
    const { width } = x;
    const clock = f.single(x.clock);
    const isMean = mode === "mean";
    const state = f.state("count", [1], { type: "f64", counts: [{ of: x.clock }] });
    if (isMean) f.state("sum", [2, width], { type: "f64", stride: pad4(width) });
    else f.state("maximum", [width]);
    return {
      width,
      clock,
      lower: (b, [rows]) =>
        b.append("globalPool", rows, clock, width, {
          outputClock: clock.id,
          isMean: Number(isMean),
          state,
        }),
    };
  },
};
