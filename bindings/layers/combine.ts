import { cannotLoad } from "../errors.js";
import { pad4 } from "../facts/bytes.js";
import type { Program } from "../plan/program.js";
import type { Rows } from "../plan/rows.js";
import { COMBINES } from "../runtime/records.js";
import { align } from "./align.js";
import type { Kind } from "./kind.js";

/** Several inputs into one, feature by feature. Roles: none. */
export interface CombineDescription {
  readonly type: "add" | "subtract" | "multiply" | "maximum" | "minimum" | "mean";
}

export const combine: Kind<CombineDescription> = {
  fields: {},
  isMerge: true,
  node(layer, inputs, f) {
    const { name, type } = layer;
    const { clock, lower } = align(layer, inputs, f);
    const [first, ...others] = inputs;
    const { width } = first;
    const wrong = others.find((other) => other.width !== width);
    if (wrong) {
      cannotLoad(
        `${type} ${name} has inputs of ${width} and ${wrong.width} features, expected equal ones`,
      );
    }
    if (type === "subtract" && others.length !== 1) {
      cannotLoad(`subtract ${name} has ${inputs.length} inputs, expected 2`);
    }
    if (!others.length) return first;
    f.multiplyAdds(width * others.length);
    return {
      width,
      clock,
      lower(b, given) {
        const [first, ...rest] = lower(b, given);
        let a = first;
        const output = b.rows(clock, width);
        const operation = type === "mean" ? "add" : type;
        for (const one of rest) {
          merge(b.program, operation, output, a, one);
          a = output;
        }
        if (type === "mean") b.multiply(output, () => 1 / inputs.length);
        return output;
      },
    };
  },
};

/** Appends output ← a ∘ b. */
export function merge(
  program: Program,
  operation: (typeof COMBINES)[number],
  output: Rows,
  a: Rows,
  b: Rows,
): void {
  program.record("merge", output.clock, {
    operation: COMBINES.indexOf(operation),
    a: a.at,
    b: b.at,
    output: output.at,
    stride: pad4(output.width),
  });
}
