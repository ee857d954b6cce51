import { computed } from "../tensor.js";
import type { Check } from "./fields.js";
import type { Kind } from "./kind.js";

/** Layer normalisation over the features. Roles: scale [inputs], shift [inputs], both optional. */
export interface LayerNormDescription {
  readonly type: "layer-norm";
  readonly epsilon: number;
}

/** Epsilons are used in f32, where 1e-300 is 0. */
const positiveFloat: Check = (value) =>
  typeof value === "number" && Math.fround(value) > 0 && Math.fround(value) < Infinity
    ? undefined
    : "a number above 0 in f32";

export const layerNorm: Kind<LayerNormDescription> = {
  fields: { "epsilon!": positiveFloat },
  node({ name, epsilon }, [{ width, clock }], f) {
    const scale = f.optional(`${name}.scale`, width);
    const shift = f.optional(`${name}.shift`, width);
    f.multiplyAdds(3 * width);
    return {
      width,
      clock,
      lower: (b, [x]) =>
        b.append("norm", x, clock, width, {
          width,
          scale: b.weights.vector(scale ?? computed([width], () => 1), width),
          shift: b.weights.vector(shift, width),
          epsilon,
        }),
    };
  },
};
