/*
 * e^x and ln x in f64 from additions, multiplications and divisions alone: Math.exp and Math.log differ between engines in
 * their last bits, and a sampled token must not.
 */

const LN2_HIGH = 0.69314718036912381649;
const LN2_LOW = 1.90821492927058770002e-10;

const word = new DataView(new ArrayBuffer(8));

/** 2^n, -1022 <= n <= 1023. */
function powerOfTwo(n: number): number {
  word.setUint32(0, (n + 1023) << 20);
  word.setUint32(4, 0);
  return word.getFloat64(0);
}

/** e^x for x <= 0: 0 below -700. Error: 4e-16, relative (test/elementary.test.ts). */
export function exp(x: number): number {
  if (!(x > -700)) return x <= -700 ? 0 : x;
  const n = Math.round(x / Math.LN2);
  const r = x - n * LN2_HIGH - n * LN2_LOW;
  // Taylor: |r| <= 0.35, r^15 / 15! is 1e-19.
  let sum = 1;
  for (let k = 14; k > 0; k--) sum = 1 + (sum * r) / k;
  return sum * powerOfTwo(n);
}

/** ln x for a normal x > 0. Error: 4e-16·max(1, |ln x|). */
export function log(x: number): number {
  word.setFloat64(0, x);
  let n = (word.getUint32(0) >>> 20) - 1023;
  let m = x / powerOfTwo(n);
  if (m > Math.SQRT2) {
    m /= 2;
    n++;
  }
  // ln m = 2 artanh s, |s| <= 0.172: s^23 / 23 is 1e-19.
  const s = (m - 1) / (m + 1);
  let sum = 0;
  for (let k = 21; k > 0; k -= 2) sum = 1 / k + sum * s * s;
  return n * LN2_HIGH + (n * LN2_LOW + 2 * s * sum);
}

/** ln Σ e^x over count values from an index on. */
export function logSumExp(values: ArrayLike<number>, from: number, count: number): number {
  let top = -Infinity;
  for (let i = from; i < from + count; i++) top = Math.max(top, values[i]!);
  let sum = 0;
  for (let i = from; i < from + count; i++) sum += exp(values[i]! - top);
  return top + log(sum);
}
