import type { ActivationDescription } from "../activations.js";
import { activation } from "./fields.js";
import type { Kind } from "./kind.js";

/** y = f(W x + b). Roles: weight [outputs, inputs], bias [outputs] (optional). */
export interface DenseDescription {
  readonly type: "dense";
  readonly activation?: ActivationDescription;
}

export const dense: Kind<DenseDescription> = {
  fields: { activation },
  node(layer, [x], f) {
    const { name } = layer;
    const { clock } = x;
    const [width] = f.shape(`${name}.weight`, undefined, x.width);
    const bias = f.optional(`${name}.bias`, width);
    f.multiplyAdds(width * x.width);
    return {
      width,
      clock,
      lower(b, [input]) {
        const output = b.rows(clock, width);
        const weights = b.matrix(`${name}.weight`, width, x.width);
        const f = b.program.activation(name, layer.activation);
        b.program.dense(output, b.weights.vector(bias, width), [{ input, weights }], f);
        return output;
      },
    };
  },
};
