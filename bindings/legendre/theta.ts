import { NormalisedProduct, TERMS } from "./product.js";

/**
 * The window length whose zero-order-hold B̄ begins with this value: how a theta that a file does not state is found.
 *
 * B̄₀(θ) falls monotonically from 1 to 0, close to 1/θ; a regula falsi on it needs some ten evaluations.
 *
 * @param first - B̄₀, between 0 and 1
 * @returns theta, or undefined when none gives that value, or when it is so far below the order that the memory
 *   remembers nothing and the search would take long
 * @internal
 */
export function thetaOfInput(order: number, first: number): number | undefined {
  if (!(first > 1e-9 && first < 1) || order * order * first > MAX_STEPS) return undefined;
  let [low, high] = [0.7 / first, 1.4 / first];
  let [atLow, atHigh] = [firstInput(order, low) - first, firstInput(order, high) - first];
  for (let tries = 0; tries < 3 && atLow <= 0; tries++) {
    low /= 2;
    atLow = firstInput(order, low) - first;
  }
  if (!(atLow > 0 && atHigh < 0)) return undefined;
  for (let round = 0; round < 60 && high - low > 1e-13 * high; round++) {
    const theta = low + ((high - low) * atLow) / (atLow - atHigh);
    const value = firstInput(order, theta) - first;
    // Illinois: halving the end that stays keeps both ends moving.
    if (value > 0) [low, atLow, atHigh] = [theta, value, atHigh / 2];
    else [high, atHigh, atLow] = [theta, value, atLow / 2];
    // Rounding to f32 leaves no more than this to find.
    if (Math.abs(value) < 1e-12 * first) return theta;
  }
  return (low + high) / 2;
}

/** order² / theta up to which theta is searched for: order 512 down to a window of 128. */
const MAX_STEPS = 2048;

/** B̄₀ = 1 - (exp(T⁻¹ A T / θ) e₀)₀, by steps of the Taylor series on the vector. */
function firstInput(order: number, theta: number): number {
  const steps = Math.max(1, Math.ceil((order * order) / theta / 2));
  const v = new Float64Array(order);
  v[0] = 1;
  const product = new NormalisedProduct(order, 1);
  for (let step = 0; step < steps; step++) {
    let term: Float64Array = v;
    for (let j = 1; j <= TERMS; j++) {
      term = product.times(1 / (theta * steps * j), term);
      for (let i = 0; i < order; i++) v[i]! += term[i]!;
    }
  }
  return 1 - v[0]!;
}
