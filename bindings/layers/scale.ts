import { pad4 } from "../facts/bytes.js";
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
      lower(b, [x]) {
        const output = b.rows(clock, width);
        b.program.record("scale", clock, {
          input: x.at,
          output: output.at,
          stride: pad4(width),
          scale: b.weights.vector(`${name}.scale`, width),
          shift: shift ? b.weights.vector(shift, width) : 0,
        });
        return output;
      },
    };
  },
};
