import type { ActivationDescription } from "../activations.js";
import { activation, name } from "./fields.js";
import type { Kind } from "./kind.js";

/** y = f(W x + b). Roles: weight [outputs, inputs], unless it is that of another layer; bias [outputs] (optional). */
export interface DenseDescription {
  readonly type: "dense";
  /** Name of the layer whose weight it shares: an embedding, of which it is the way back. */
  readonly tied?: string;
  readonly activation?: ActivationDescription;
}

export const dense: Kind<DenseDescription> = {
  fields: { activation, tied: name },
  node(layer, [x], f) {
    const { name, tied = name } = layer;
    const { clock } = x;
    const [width] = f.shape(`${tied}.weight`, undefined, x.width);
    const bias = f.optional(`${name}.bias`, width);
    f.multiplyAdds(width * x.width);
    return {
      width,
      clock,
      lower(b, [input]) {
        const output = b.rows(clock, width);
        const weights = b.matrix(`${tied}.weight`, width, x.width);
        const f = b.program.activation(name, layer.activation);
        b.program.dense(output, b.weights.vector(bias, width), [{ input, weights }], f);
        return output;
      },
    };
  },
};
