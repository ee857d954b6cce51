import type { ActivationDescription } from "../activations.js";
import { cannotLoad } from "../errors.js";
import { pad4 } from "../facts/bytes.js";
import type { Address } from "../plan/address.js";
import type { Builder } from "../plan/builder.js";
import { Panels } from "../plan/panels.js";
import { activation, type Check, integer, MAX_STEPS, MAX_WIDTH, steps } from "./fields.js";
import type { Kind } from "./kind.js";
import { windowOf } from "./window.js";

/**
 * Convolution over time. Roles: weight [outputs, taps, inputs / groups], bias [outputs] (optional).
 *
 * padding: zero rows before and after the sequence; rows after it make the layer look ahead.
 */
export interface ConvolutionDescription {
  readonly type: "convolution";
  readonly stride?: number;
  readonly dilation?: number;
  readonly groups?: number;
  readonly padding?: readonly [before: number, after: number];
  readonly activation?: ActivationDescription;
}

const rows = integer(0, MAX_STEPS);
const padding: Check = (value) =>
  Array.isArray(value) && value.length === 2 && value.every((count) => !rows(count, ""))
    ? undefined
    : "two counts of rows";

export const convolution: Kind<ConvolutionDescription> = {
  fields: { stride: steps, dilation: steps, groups: integer(1, MAX_WIDTH), padding, activation },
  node(layer, [x], f) {
    const { name, stride = 1, dilation = 1, groups = 1, padding = [0, 0] } = layer;
    const perGroup = x.width / groups;
    const inputs = Number.isInteger(perGroup) ? perGroup : -1;
    const [outputs, taps] = f.shape(`${name}.weight`, undefined, undefined, inputs);
    if (outputs % groups !== 0) {
      cannotLoad(
        `convolution ${name} has ${outputs} outputs in ${groups} groups, expected a multiple`,
      );
    }
    const [left, right] = padding;
    const geometry = { span: (taps - 1) * dilation + 1, stride, left, right };
    const { clock, lower: lowerWindow } = windowOf(name, x, geometry, f);
    const bias = f.optional(`${name}.bias`, outputs);
    const isDepthwise = groups === x.width && outputs === x.width;
    f.multiplyAdds(outputs * taps * inputs);
    return {
      width: outputs,
      clock,
      lower(b, [input]) {
        const window = lowerWindow(b, input);
        const output = b.rows(clock, outputs);
        b.program.record("convolution", x.clock, {
          window,
          output: output.at,
          outputs: pad4(outputs),
          width: outputs,
          outputClock: clock.id,
          taps,
          dilation,
          isDepthwise: Number(isDepthwise),
          weights: isDepthwise
            ? depthwise(name, outputs, taps, b)
            : perTap(name, { outputs, taps, inputs, groups }, b),
          bias: b.weights.vector(bias, outputs),
          activation: b.program.activation(name, layer.activation),
        });
        return output;
      },
    };
  },
};

/** Sizes of a kernel; inputs are those of a group. */
interface Kernel {
  readonly outputs: number;
  readonly taps: number;
  readonly inputs: number;
  readonly groups: number;
}

/** One matrix per tap, its rows apart in the tensor; groups become blocks of a matrix that is zero elsewhere. */
function perTap(name: string, { outputs, taps, inputs, groups }: Kernel, b: Builder): Address {
  const panels = new Panels(pad4(outputs), inputs * groups);
  const first = (row: number) => {
    const [output, tap] = [Math.floor(row / taps), row % taps];
    const group = Math.floor((output * groups) / outputs);
    return tap * panels.size + panels.first(output) + group * inputs * panels.step(output);
  };
  const step = (row: number) => panels.step(Math.floor(row / taps));
  const at = b.weights.place(`${name}.weight`, inputs, taps * panels.size, first, step);
  return b.program.matrix(at, pad4(outputs), inputs * groups);
}

/** f32[taps][outputs]. */
function depthwise(name: string, outputs: number, taps: number, b: Builder): Address {
  const stride = pad4(outputs);
  const [first, step] = [(output: number) => output, () => stride];
  return b.weights.place(`${name}.weight`, taps, taps * stride, first, step);
}
