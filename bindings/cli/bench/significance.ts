import type { Figure, Result } from "./result.js";

/*
 * When a change is one. Times are taken over those of the reference in the same round, for no machine is as fast today as it
 * was yesterday. Of two such lists the medians must differ by 5 % at least, and Mann and Whitney's U must be so unlikely for
 * lists that differ by chance alone: 1 in 1000.
 */

/** Least change of the medians that is called one. */
const LEAST_CHANGE = 0.05;

/** Standard deviations of U that 1 in 1000 of pure chance is beyond, on either side. */
const DEVIATIONS = 3.29;

/** The rule, as it is printed. */
export const RULE =
  "faster, slower: medians over a reference of the same round differ by 5 % or more, and Mann and Whitney's U of the rounds " +
  "has p < 0.001; everything else is noise";

/** How a figure compares with an earlier one. */
export interface Change {
  readonly name: string;
  /** Time now over time then, in times of the reference. */
  readonly ratio: number;
  /** How far U is from what chance gives, in standard deviations; positive where it takes longer now. */
  readonly deviations: number;
  readonly verdict: "faster" | "slower" | "same";
}

/** Figures that both have, compared. */
export function changes(now: Result, then: Result): Change[] {
  return now.figures.flatMap((figure) => {
    const old = then.figures.find(({ name }) => name === figure.name);
    return old ? [change(figure, old)] : [];
  });
}

function change({ name, rounds }: Figure, old: Figure): Change {
  const ratio = median(rounds) / median(old.rounds);
  const deviations = deviationsOf(rounds, old.rounds);
  const isChange = Math.abs(Math.log(ratio)) >= Math.log1p(LEAST_CHANGE);
  const isSure = Math.abs(deviations) > DEVIATIONS && deviations > 0 === ratio > 1;
  const verdict = !isChange || !isSure ? "same" : ratio < 1 ? "faster" : "slower";
  return { name, ratio, deviations, verdict };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

/** U, the pairs in which `a` is larger (ties count half), less what chance gives, in standard deviations of chance. */
export function deviationsOf(a: readonly number[], b: readonly number[]): number {
  let pairs = 0;
  for (const x of a) for (const y of b) pairs += x > y ? 1 : x === y ? 0.5 : 0;
  const expected = (a.length * b.length) / 2;
  return (pairs - expected) / Math.sqrt((expected * (a.length + b.length + 1)) / 6);
}
