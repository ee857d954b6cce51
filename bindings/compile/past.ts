import type { Clock, Count } from "../facts/clock.js";
import type { StateField } from "../facts/facts.js";
import type { Hash } from "../model/hash.js";
import type { Plan } from "../plan/plan.js";
import { PASTS } from "../runtime/records.js";
import type { Layout } from "./layout.js";

/** Fields of a record of assembly/compiled/past.ts by their names. */
type Fields<Name extends keyof typeof PASTS> = Readonly<
  Record<(typeof PASTS)[Name][number], number | boolean>
>;

/** A record: its fields in their order. */
function record<Name extends keyof typeof PASTS>(name: Name, fields: Fields<Name>): number[] {
  return PASTS[name].map((field: keyof typeof fields) => Number(fields[field]));
}

/** No sequence is longer. */
const MAX_STEPS = 2 ** 52;

/** The first step from which on something holds, which is so or not for ever: MAX_STEPS if it never is. */
function firstStep(holds: (steps: number) => boolean): number {
  if (holds(0)) return 0;
  let [no, yes] = [0, 1];
  while (yes < MAX_STEPS && !holds(yes)) [no, yes] = [yes, 2 * yes];
  while (yes - no > 1) {
    const middle = Math.floor((no + yes) / 2);
    if (holds(middle)) yes = middle;
    else no = middle;
  }
  return yes;
}

/** Clocks have rows of this form (facts/waits.ts), so that asking for the second row or so tells all. */
function rateOf(clock: Clock): number[] {
  const least = clock.rowsAfter(1, false);
  const next = firstStep((steps) => clock.rowsAfter(steps, false) > least);
  const stepsPerRow = Math.min(clock.stepsPerRow, 2 * MAX_STEPS);
  return record("rate", { least, more: (least + 1) * stepsPerRow - next, stepsPerRow });
}

const NEVER = record("rate", { least: 0, more: 0, stepsPerRow: 2 * MAX_STEPS });
/** A number that is always 0. */
const NONE = [...NEVER, ...NEVER, ...record("count", { times: 0, modulo: 0 })];

function countOf({ of, less, times = 1, modulo = 0 }: Count): number[] {
  const rates = [...rateOf(of), ...(less ? rateOf(less) : NEVER)];
  return [...rates, ...record("count", { times, modulo })];
}

function countersOf({ offset, type, counts = [] }: StateField): number[][] {
  const isDouble = type === "f64";
  const bytes = isDouble ? 8 : 4;
  return counts.map((count, i) => [
    ...record("counter", { offset: offset + i * bytes, isDouble }),
    ...countOf(count),
  ]);
}

function partOf({ offset, shape, stride, type, used, isFine = false }: StateField): number[] {
  const columns = shape.at(-1)!;
  const rows = shape.slice(0, -1).reduce((product, size) => product * size, 1);
  const fields = { offset, rows, columns, stride, isDouble: type === "f64", isFine };
  return [
    ...record("part", { ...fields, isPartial: used !== undefined, more: used?.more ?? 0 }),
    ...(used?.first ? countOf(used.first) : NONE),
    ...(used ? countOf(used.rows) : NONE),
  ];
}

/** The rows that a state grows by, one a step. */
function grownOf(offset: number, rows: number, columns: number): number[] {
  const fields = { offset, rows, columns, stride: columns, isDouble: false, isFine: false };
  return [
    ...record("part", { ...fields, isPartial: true, more: 0 }),
    ...NONE,
    ...record("rate", { least: 0, more: 0, stepsPerRow: 1 }),
    ...NEVER,
    ...record("count", { times: 0, modulo: 0 }),
  ];
}

/** The table of assembly/compiled/past.ts. */
export function pastOf(plan: Plan, layout: Layout, [a, b]: Hash): Float64Array {
  const { stateFields, output, rowBytes, rowsAfter } = plan;
  const { newest, rows, rowCount, stateBytes, maxSteps } = layout;
  const counters = stateFields.flatMap(countersOf);
  const stored = stateFields.filter(({ counts }) => !counts);
  // Doubles stand at multiples of 8.
  stored.sort((one, other) => Number(other.type === "f64") - Number(one.type === "f64"));
  const parts = stored.map(partOf);
  if (rows) parts.push(grownOf(rows, rowCount, rowBytes / 4));
  const header = record("past", {
    fingerprintA: a,
    fingerprintB: b,
    stateBytes,
    newest,
    newestWidth: output.width,
    begin: firstStep((steps) => rowsAfter(steps, false) > 0),
    beginEnded: firstStep((steps) => rowsAfter(steps, true) > 0),
    isRenewed: output.isSteady,
    maxSteps: Math.min(maxSteps, MAX_STEPS),
    counters: counters.length,
    parts: parts.length,
  });
  return Float64Array.from([header, ...counters, ...parts].flat());
}
