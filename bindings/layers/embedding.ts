import { cannotLoad } from "../errors.js";
import { pad4 } from "../facts/bytes.js";
import { strideOf } from "../plan/rows.js";
import type { Kind } from "./kind.js";

/** A table of vectors. Roles: weight [vocabulary, outputs]. */
export interface EmbeddingDescription {
  readonly type: "embedding";
}

export const embedding: Kind<EmbeddingDescription> = {
  fields: {},
  readsTokens: true,
  node({ name }, [{ vocabulary, clock }], f) {
    if (vocabulary === undefined) {
      cannotLoad(
        "description-invalid",
        `embedding ${name} reads features, expected the token input`,
      );
    }
    const [, width] = f.shape(`${name}.weight`, vocabulary, undefined);
    return {
      width,
      clock,
      lower(b, [x]) {
        const output = b.rows(clock, width);
        const stride = pad4(width);
        b.program.record("embedding", clock, {
          input: x.at,
          inputStride: strideOf(x),
          output: output.at,
          stride,
          table: b.weights.table(`${name}.weight`, vocabulary, width, stride),
        });
        return output;
      },
    };
  },
};
