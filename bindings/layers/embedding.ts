import { cannotLoad } from "../errors.js";
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
      cannotLoad(`embedding ${name} reads features, expected the token input`);
    }
    const [, width] = f.shape(`${name}.weight`, vocabulary, undefined);
    return {
      width,
      clock,
      lower: (b, [x]) =>
        b.append("embedding", x, clock, width, {
          inputStride: strideOf(x),
          table: b.matrix(`${name}.weight`, vocabulary, width),
        }),
    };
  },
};
