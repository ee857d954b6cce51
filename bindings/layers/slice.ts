import { cannotLoad } from "../errors.js";
import { copy } from "./copy.js";
import { integer, MAX_WIDTH } from "./fields.js";
import type { Kind } from "./kind.js";

/** Some features of each row: `width` of them, from feature `start` on. Roles: none. */
export interface SliceDescription {
  readonly type: "slice";
  readonly start: number;
  readonly width: number;
}

export const slice: Kind<SliceDescription> = {
  fields: { "start!": integer(0, MAX_WIDTH), "width!": integer(1, MAX_WIDTH) },
  node({ name, start, width }, [x]) {
    if (start + width > x.width) {
      cannotLoad(`slice ${name} ends before feature ${start + width}, expected at most ${x.width}`);
    }
    const { clock } = x;
    return {
      width,
      clock,
      lower(b, [rows]) {
        const output = b.rows(clock, width);
        copy({ rows, first: start }, { rows: output, first: 0 }, width, b);
        return output;
      },
    };
  },
};
