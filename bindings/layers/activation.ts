import type { ActivationDescription } from "../activations.js";
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
      return activation ? b.append("activationLayer", x, clock, width, { width, activation }) : x;
    },
  }),
};
