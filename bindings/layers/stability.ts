import type { Facts } from "../facts/facts.js";
import type { Named } from "./kind.js";
import type { Discretization } from "../legendre/residual.js";

/**
 * Smallest stable theta of forward Euler by order: max |λ|² / (2 |Re λ|) over the eigenvalues λ of A, computed in
 * extended precision (double-precision eigenvalues are wrong from order 64 up). Between the rows the bound follows a
 * power law.
 */
const EULER_BOUNDS: readonly (readonly [order: number, theta: number])[] = [
  [1, 0.5],
  [2, 1.5],
  [4, 5.15],
  [8, 17.74],
  [12, 36.2],
  [16, 59.72],
  [24, 120.3],
  [32, 196.9],
  [48, 392.5],
  [64, 638.7],
  [128, 2051],
  [256, 6542],
];

/** The smallest theta, in steps, at which Euler's rule is stable. Beyond the last row the law of the last two goes on. */
export function eulerBound(order: number): number {
  const found = EULER_BOUNDS.findIndex(([row]) => row >= order);
  const above = found < 0 ? EULER_BOUNDS.length - 1 : Math.max(1, found);
  const [lowOrder, low] = EULER_BOUNDS[above - 1]!;
  const [highOrder, high] = EULER_BOUNDS[above]!;
  return low * (order / lowOrder) ** (Math.log(high / low) / Math.log(highOrder / lowOrder));
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
