import { type Discretization, residualMatrix } from "../legendre/residual.js";
import type { GapRule } from "../plan/gap-rule.js";
import type { Named } from "./kind.js";

/**
 * How a memory crosses a gap: by what makes its steps, of the gap's length.
 *
 * The zero-order hold is exact for any time. Euler's rule and the bilinear one are those of the whole steps that the model
 * was trained with, then of the fraction that is left: with one step of the whole gap they would be another model, and
 * Euler's unstable. Matrices of a file may come from anything, and know whole steps alone.
 */
export function gapRuleOf(
  {
    name: layer,
    order,
    theta: window,
    discretizer: method = "zoh",
  }: Named<{
    readonly order: number;
    readonly theta?: number;
    readonly discretizer?: Discretization;
  }>,
  isExplicit: boolean,
  isPlain: boolean,
): GapRule {
  const theta = Number(window);
  return {
    layer,
    refusal: isPlain ? undefined : "has gates, or an activation of its memory",
    order,
    columns: isExplicit ? order + 1 : order,
    eulerTheta: !isExplicit && method === "euler" ? theta : undefined,
    matrix: isExplicit
      ? undefined
      : (dt, hold) => residualMatrix(order, theta, hold, { method, dt }),
  };
}
