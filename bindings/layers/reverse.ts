import type { Kind } from "./kind.js";

/** Rows in opposite order. Roles: none. */
export interface ReverseDescription {
  readonly type: "reverse";
}

export const reverse: Kind<ReverseDescription> = {
  fields: {},
  node({ name }, [x], f) {
    const { width, clock } = x;
    if (clock.isSingle) return x;
    f.needWholeSequence(`${name} reads the sequence from its end`);
    return {
      width,
      clock,
      lower: (b, [rows]) => b.append("reverse", rows, clock, width, {}),
    };
  },
};
