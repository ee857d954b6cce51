import { normalised } from "./exponential.js";
import { trapezoidal } from "./trapezoidal.js";

/** How the continuous system becomes a step: "zoh" exact for an input held over it, forward Euler, or the trapezoidal rule. */
export type Discretization = "zoh" | "euler" | "bilinear";

/** Options of {@link discretize}. */
export interface DiscretizeOptions {
  /** The rule. @defaultValue "zoh" */
  method?: Discretization;
  /** Length of the step, in the units of theta; above 0, finite. @defaultValue 1 */
  dt?: number;
}

/** The highest order taken: a matrix of 2048² doubles is 32 MB. */
export const MAX_ORDER = 2048;

/**
 * Diagonal of T, m = T c: from normalised (LegT) coordinates c, in which the memory is a contraction, to LMU ones.
 */
export function basis(order: number): Float64Array {
  return Float64Array.from(
    { length: order },
    (_, i) => (i % 2 === 0 ? 1 : -1) * Math.sqrt(2 * i + 1),
  );
}

// A few models' worth: order 256 takes tens of milliseconds to generate and half a megabyte to keep.
const CACHE_LIMIT = 8;
const cache = new Map<string, Float64Array>();

/** exp(scale · T⁻¹ A T) - I, f64[order, order]: in JavaScript, or the same bits from the kernel of that name. */
export type Hold = (order: number, scale: number) => Float64Array;

/**
 * Windows after which nothing is left of a memory: exp(-64) is far below rounding, and longer steps, up to an infinite
 * one, would only take longer to say so.
 */
const EMPTYING = 64;

/** Multiplications, as counted below: those of eight of order 512 and theta 512, which take 2 s. */
const MAX_WORK = 8 * 512 ** 3 * 8;

/**
 * The work that the matrices of one file may take. A hundred bytes ask for any order: one of 2048 with theta 1000 takes
 * 8 to 45 s, order³ for each of 12 squarings.
 */
export class MatrixWork {
  #done = 0;
  /** What the cache holds when nobody else uses it. */
  #kept: string[] = [];

  /** Whether there is work left for one more matrix, which is then done; those in the cache are free. */
  fits(order: number, theta: number, method: Discretization = "zoh"): boolean {
    const key = `${method} ${order} ${theta}`;
    if (this.#kept.includes(key)) return true;
    const norm = order ** 2 * Math.min(1 / theta, EMPTYING);
    const squarings = Math.max(0, Math.ceil(Math.log2(norm / 2)));
    // The other methods take order² steps.
    const work = method === "zoh" ? order ** 3 * squarings : 0;
    if (this.#done + work > MAX_WORK) return false;
    this.#done += work;
    this.#kept = [...this.#kept, key].slice(-CACHE_LIMIT);
    return true;
  }
}

/**
 * Dm = Ā - I in the normalised basis, [order, order] row by row. Cached: do not write to it.
 *
 * Not checked: theta, dt and the method are known to be good.
 *
 * @param hold - computes the zero-order hold
 */
export function residualMatrix(
  order: number,
  theta: number,
  hold: Hold,
  { method = "zoh", dt = 1 }: DiscretizeOptions = {},
): Float64Array {
  const key = `${method} ${order} ${dt / theta}`;
  let D: Float64Array | undefined = cache.get(key);
  if (D) return D;
  if (method === "zoh") D = hold(order, Math.min(dt / theta, EMPTYING));
  else if (method === "euler") D = normalised(order, dt / theta);
  else D = trapezoidal(order, dt / theta);
  if (cache.size >= CACHE_LIMIT) cache.delete(cache.keys().next().value!);
  cache.set(key, D);
  return D;
}
