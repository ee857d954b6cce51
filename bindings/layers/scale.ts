import type { Kind } from "./kind.js";

/** y = scale·x + shift per feature. Roles: scale [inputs], shift [inputs] (optional). */
export interface ScaleDescription {
  readonly type: "scale";
}

export const scale: Kind<ScaleDescription> = {
  fields: {},
  node({ name }, [{ width, clock }], f) {
    f.shape(`${name}.scale`, width);
    const shift = f.optional(`${name}.shift`, width);
    f.multiplyAdds(width);
    return {
      width,
      clock,
      lower: (b, [x]) =>
        b.append("scale", x, clock, width, {
          scale: b.weights.vector(`${name}.scale`, width),
          shift: shift ? b.weights.vector(shift, width) : 0,
        }),
    };
  },
};
