import type { Facts } from "../facts/facts.js";
import type { Named } from "./kind.js";
import type { Discretization } from "../legendre/residual.js";

/**
 * Smallest stable theta of forward Euler at the orders 1, 2, 4, … 256: max |λ|² / (2 |Re λ|) over the eigenvalues λ of A,
 * computed in extended precision (double-precision eigenvalues are wrong from order 64 up).
 */
const EULER_BOUNDS = [0.5, 1.5, 5.15, 17.74, 59.72, 196.9, 638.7, 2051, 6542];

/**
 * The smallest theta, in steps, at which Euler's rule is stable. Between those orders it follows a power law (within 0.4 % at
 * 12, 24 and 48), and beyond the last that of the last two.
 */
export function eulerBound(order: number): number {
  const power = Math.log2(order);
  const below = Math.min(Math.floor(power), EULER_BOUNDS.length - 2);
  const [low, high] = EULER_BOUNDS.slice(below) as [number, number];
  return low * (high / low) ** (power - below);
}

/** Warns of memories that will not remember well, or not at all. */
export function warnOfMemory(
  layer: Named<{
    readonly order: number;
    readonly theta?: number;
    readonly discretizer?: Discretization;
  }>,
  isExplicit: boolean,
  f: Facts,
): void {
  const { name, order, discretizer } = layer;
  if (order > 512) f.warn(`${name}: order ${order} is above 512, the highest that is tested`);
  if (isExplicit || layer.theta === undefined) return;
  const theta = Number(layer.theta);
  if (theta < order) {
    f.warn(
      `${name}: theta ${theta} is below order ${order}: more coefficients than samples in the window`,
    );
  }
  if (discretizer === "euler" && theta < eulerBound(order)) {
    const bound = eulerBound(order).toPrecision(3);
    f.warn(
      `${name}: Euler's rule is unstable at order ${order} for theta below ${bound}; theta is ${theta}`,
    );
  }
}
