import { add, type Matrix, times, type Vector, work } from "./oracle-algebra.js";

/*
 * The forms of prefill in float64 as they are defined, counting what they cost: two operations are one multiply-add.
 */

/** One memory: c ← A c + B u. */
export interface System {
  readonly A: Matrix;
  readonly B: Vector;
}

const identity = (n: number): Matrix =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => Number(i === j)));

const product = (A: Matrix, B: Matrix): Matrix =>
  A.map((row) => B[0]!.map((_, j) => row.reduce((sum, a, k) => sum + a * B[k]![j]!, 0)));

/** A⁰ … A^(count - 1): made when a model loads, not counted. */
function powers({ A }: System, count: number): Matrix[] {
  const list = [identity(A.length)];
  while (list.length < count) list.push(product(A, list.at(-1)!));
  return list;
}

const applied = (A: Matrix, x: Vector): number[] =>
  A.map((row) => row.reduce((sum, a, k) => sum + a * x[k]!, 0));

/** The states after each L inputs, of which there is a multiple, by one product of (A^L | A^(L-1) B … B) each. */
export function crossed(system: System, u: Vector, L: number): number[][] {
  const all = powers(system, L + 1);
  const across = all[L]!.map((row, i) => [
    ...row,
    ...Array.from({ length: L }, (_, j) => applied(all[L - 1 - j]!, system.B)[i]!),
  ]);
  const states = [new Array<number>(system.B.length).fill(0)];
  for (let t = 0; t < u.length; t += L) {
    states.push(times(across, [...states.at(-1)!, ...u.slice(t, t + L)]));
  }
  return states.slice(1);
}

/** W c_t of every step, by one product for all of a chunk. */
export function projected(system: System, W: Matrix, u: Vector, L: number): number[][] {
  const all = powers(system, L + 1);
  const lifted = Array.from({ length: L }, (_, k) =>
    product(W, all[k + 1]!).map((row, o) => [
      ...row,
      ...Array.from({ length: L }, (_, j) =>
        j <= k ? product(W, all[k - j]!)[o]!.reduce((s, w, i) => s + w * system.B[i]!, 0) : 0,
      ),
    ]),
  ).flat();
  const before = [system.B.map(() => 0), ...crossed(system, u, L)];
  return before.slice(0, -1).flatMap((state, chunk) => {
    const y = times(lifted, [...state, ...u.slice(chunk * L, (chunk + 1) * L)]);
    return Array.from({ length: L }, (_, k) => y.slice(k * W.length, (k + 1) * W.length));
  });
}

type Complex = readonly [re: number, im: number];

/** Σ x[t] e^(sign 2πi f t / points): ten operations for two points and stage. */
export function fourier(x: readonly Complex[], sign: number): Complex[] {
  if (x.length === 1) return [...x];
  const even = fourier(
    x.filter((_, t) => t % 2 === 0),
    sign,
  );
  const odd = fourier(
    x.filter((_, t) => t % 2 === 1),
    sign,
  );
  work.multiplyAdds += (10 / 2) * even.length;
  const turned = odd.map(([re, im], f): Complex => {
    const angle = (sign * 2 * Math.PI * f) / x.length;
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    return [re * c - im * s, re * s + im * c];
  });
  const plus =
    (k: number) =>
    (z: Complex, f: number): Complex => [z[0] + k * turned[f]![0], z[1] + k * turned[f]![1]];
  return [...even.map(plus(1)), ...even.map(plus(-1))];
}

/**
 * W c_t of every step as convolutions with taps W A^j B, block by block of B steps, two outputs at a time. Inputs are transformed
 * four at a time, which costs as much as four.
 */
export function convolved(system: System, W: Matrix, u: Vector, B: number, K: number): number[][] {
  const all = powers(system, K * B);
  const tap = (j: number, o: number) =>
    applied(all[j]!, system.B).reduce((sum, b, i) => sum + (W[o]?.[i] ?? 0) * b, 0);
  const outputs = Array.from({ length: u.length }, () => new Array<number>(W.length).fill(0));
  const padded = [...new Array<number>(B).fill(0), ...u];
  const before = work.multiplyAdds;
  const spectra = Array.from({ length: u.length / B }, (_, b) =>
    fourier(
      padded.slice(b * B, (b + 2) * B).map((x): Complex => [x, 0]),
      -1,
    ),
  );
  work.multiplyAdds += 3 * (work.multiplyAdds - before);
  for (let o = 0; o < W.length; o += 2) {
    const prepared = work.multiplyAdds;
    const taps = Array.from({ length: K }, (_, k) =>
      fourier(
        Array.from({ length: 2 * B }, (_, t): Complex =>
          t < B ? [tap(k * B + t, o), tap(k * B + t, o + 1)] : [0, 0],
        ),
        -1,
      ),
    );
    work.multiplyAdds = prepared;
    spectra.forEach((_, b) => {
      const zero = Array.from({ length: 2 * B }, (): Complex => [0, 0]);
      // Blocks before the first are silent, and cost as much in the long run.
      work.multiplyAdds += (8 / 2) * 2 * B * K;
      const sum = taps.slice(0, b + 1).reduce(
        (y, H, k) =>
          y.map(([re, im], f): Complex => {
            const [[a, c], [d, e]] = [spectra[b - k]![f]!, H[f]!];
            return [re + a * d - c * e, im + a * e + c * d];
          }),
        zero,
      );
      fourier(sum, 1)
        .slice(B)
        .forEach((y, t) => {
          for (const part of [0, 1]) {
            if (o + part < W.length) outputs[b * B + t]![o + part] = y[part]! / (2 * B);
          }
        });
    });
  }
  return outputs;
}

/** The same by stepping. */
export function stepped(
  { A, B }: System,
  W: Matrix,
  u: Vector,
): { outputs: Matrix; state: Vector } {
  let state: number[] = B.map(() => 0);
  const outputs = u.map((x) => {
    state = add(
      times(A, state),
      B.map((b) => b * x),
    );
    return times(W, state);
  });
  return { outputs, state };
}
