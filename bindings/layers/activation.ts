import type { ActivationDescription } from "../activations.js";
import { pad4 } from "../facts/bytes.js";
import { activation as check } from "./fields.js";
import type { Kind } from "./kind.js";

/** y = f(x). Roles: none. */
export interface ActivationLayerDescription {
  readonly type: "activation";
  readonly activation: ActivationDescription;
}

export const activation: Kind<ActivationLayerDescription> = {
  fields: { "activation!": check },
  node: (layer, [{ width, clock }]) => ({
    width,
    clock,
    lower(b, [x]) {
      const activation = b.program.activation(layer.name, layer.activation);
      if (!activation) return x;
      const output = b.rows(clock, width);
      const stride = pad4(width);
      const fields = { input: x.at, output: output.at, stride, width, activation };
      b.program.record("activationLayer", clock, fields);
      return output;
    },
  }),
};
