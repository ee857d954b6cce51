/*
 * Linear algebra of the oracle, which counts what it costs. A matrix is a list of rows; a sequence is a list of vectors.
 */

export type Vector = readonly number[];
export type Matrix = readonly Vector[];

export const add = (a: Vector, b: Vector): number[] => a.map((value, i) => value + b[i]!);

/** Multiply-adds since the layer at hand began, by the rule of the report. */
export const work = { multiplyAdds: 0 };

export const times = (A: Matrix, x: Vector): number[] => {
  work.multiplyAdds += A.length * x.length;
  return A.map((row) => dot(row, x));
};

/** A loop: most of the oracle's time is spent here, and reduce() takes some five times as long. */
function dot(a: Vector, b: Vector): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
