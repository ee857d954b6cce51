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
    const clock = f.single(x.clock);
    return {
      width,
      clock,
      readsNewest: true,
      lower: (b, [rows]) => b.append("last", rows, clock, width, { outputClock: clock.id }),
    };
  },
};
