/*
 * The Legendre memory in exact arithmetic: fixed-point numbers of 300 bits, far beyond what float64 can show.
 * A has integer entries, so A v costs additions alone.
 */

const BITS = 300n;
const UNIT = 1n << BITS;

/** A number as a fraction with a power of two below, exactly. */
function fromNumber(value: number): bigint {
  let exponent = 0n;
  while (!Number.isInteger(value)) {
    value *= 2;
    exponent++;
  }
  return (BigInt(value) << BITS) >> exponent;
}

function toNumber(fixed: bigint): number {
  // 64 bits are kept for the rounding; the division by a power of two is exact.
  return Number(fixed >> (BITS - 200n)) / 2 ** 200;
}

/** A v with A[i][j] = (2i+1)(i < j ? -1 : (-1)^(i-j+1)), by running sums over even and odd indices. */
function timesA(v: readonly bigint[]): bigint[] {
  const total = v.reduce((sum, value) => sum + value, 0n);
  const sums = [0n, 0n];
  return v.map((value, i) => {
    // Entries j <= i with i - j odd count +1 instead of -1.
    const opposite = sums[(i + 1) % 2]!;
    sums[i % 2]! += value;
    return BigInt(2 * i + 1) * (2n * opposite - total);
  });
}

/** Column j of exp(A / theta), to some 60 digits before it is rounded. */
export function exactColumn(order: number, theta: number, j: number): Float64Array {
  const fixed = residual(order, theta, j);
  fixed[j]! += UNIT;
  return Float64Array.from(fixed, toNumber);
}

/** Column j of exp(A / theta) - I. */
export function exactResidual(order: number, theta: number, j: number): Float64Array {
  return Float64Array.from(residual(order, theta, j), toNumber);
}

function residual(order: number, theta: number, j: number): bigint[] {
  const inverse = (UNIT * UNIT) / fromNumber(theta);
  let term: bigint[] = Array.from({ length: order }, (_, i) => (i === j ? UNIT : 0n));
  const sum = term.map(() => 0n);
  for (let n = 1n; term.some((value) => value !== 0n && value !== -1n); n++) {
    term = timesA(term).map((value) => ((value * inverse) >> BITS) / n);
    term.forEach((value, i) => (sum[i]! += value));
  }
  return sum;
}
