import { oneOf, steps } from "./fields.js";
import type { Kind } from "./kind.js";
import { windowOf } from "./window.js";

/** Largest or mean value of `size` steps, every `stride` steps. Roles: none. */
export interface PoolDescription {
  readonly type: "pool";
  readonly mode: "max" | "mean";
  readonly size: number;
  /** @defaultValue size */
  readonly stride?: number;
}

export const pool: Kind<PoolDescription> = {
  fields: { "mode!": oneOf("max", "mean"), "size!": steps, stride: steps },
  node({ name, mode, size, stride = size }, [x], f) {
    const { width } = x;
    const geometry = { span: size, stride, left: 0, right: 0 };
    const { clock, lower: lowerWindow } = windowOf(name, x, geometry, f);
    return {
      width,
      clock,
      lower(b, [input]) {
        const window = lowerWindow(b, input);
        const output = b.rows(clock, width);
        const fields = { window, output: output.at, outputClock: clock.id };
        b.program.record("pool", x.clock, { ...fields, isMean: Number(mode === "mean") });
        return output;
      },
    };
  },
};
