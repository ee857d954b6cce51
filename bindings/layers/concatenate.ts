import { align } from "./align.js";
import { copy } from "./copy.js";
import type { Kind } from "./kind.js";

/** Several inputs side by side. Roles: none. */
export interface ConcatenateDescription {
  readonly type: "concatenate";
}

export const concatenate: Kind<ConcatenateDescription> = {
  fields: {},
  isMerge: true,
  node(layer, inputs, f) {
    const { clock, lower } = align(layer, inputs, f);
    const width = inputs.reduce((sum, input) => sum + input.width, 0);
    return {
      width,
      clock,
      lower(b, all) {
        const output = b.rows(clock, width);
        let first = 0;
        for (const rows of lower(b, all)) {
          copy({ rows, first: 0 }, { rows: output, first }, rows.width, b);
          first += rows.width;
        }
        return output;
      },
    };
  },
};
