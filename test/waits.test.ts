import { describe, expect, test } from "vitest";
import { type Clock, countAfter } from "../bindings/facts/clock.js";
import {
  areRenewedTogether,
  givesEveryStep,
  lastToBegin,
  waitOf,
} from "../bindings/facts/waits.js";
import { Random } from "./support/random.js";

/*
 * What clocks say of one another, against counting rows step by step.
 */

/** Steps within which clocks of these sizes have shown all that they do. */
const LONG = 120;

interface Shape {
  readonly delay?: number;
  readonly stepsPerRow?: number;
  /** Rows that padding in front makes without any input. */
  readonly early?: number;
  /** What padding in front adds to the input. */
  readonly before?: number;
  readonly isSingle?: boolean;
}

let ids = 0;

function clockOf({ delay = 0, stepsPerRow = 1, early = 0, before = 0, isSingle }: Shape): Clock {
  const made = (steps: number) => Math.max(early, Math.floor((steps + before) / stepsPerRow));
  return {
    id: ids++,
    capacity: ({ rows }) => rows,
    isSingle: isSingle ?? false,
    rate: `${stepsPerRow} ${before}`,
    ...{ delay, stepsPerRow, rows: undefined },
    rowsAfter: (steps, isEnded) => made(isEnded ? steps : steps - delay),
  };
}

const rowsOf = (clock: Clock) =>
  Array.from({ length: LONG }, (_, i) => clock.rowsAfter(i + 1, false));

/** The most rows by which a clock is ahead; undefined if it is behind at some step, or if nothing says that it would wait. */
function counted(early: Clock, late: Clock): number | undefined {
  const others = rowsOf(late);
  const ahead = rowsOf(early).map((rows, i) => rows - others[i]!);
  if (early.delay === late.delay) return ahead.every((rows) => rows === 0) ? 0 : undefined;
  return ahead.some((rows) => rows < 0) ? undefined : Math.max(...ahead);
}

describe("waitOf()", () => {
  test("is the most rows by which one clock has been ahead of another of its rate", () => {
    const random = new Random(1);
    const found = new Set<number | undefined>();
    for (let i = 0; i < 5000; i++) {
      const shape = { stepsPerRow: 1 + random.integer(4), before: random.integer(5) };
      const [a, b] = [random.integer(7), random.integer(9)].sort((x, y) => x - y) as [
        number,
        number,
      ];
      const early = clockOf({ ...shape, delay: a, early: random.integer(4) });
      const late = clockOf({ ...shape, delay: b, early: random.integer(4) });
      const wait = waitOf(early, late);
      found.add(wait);
      const most = counted(early, late);
      if (wait === undefined || most === undefined) expect(wait).toBe(most);
      // Room for a row that comes and goes within a call.
      else expect([most, most + 1]).toContain(wait);
    }
    expect(found).toEqual(new Set([undefined, 0, 1, 2, 3, 4, 5, 6, 7, 8]));
  });

  test("nobody waits for itself", () => {
    const clock = clockOf({ delay: 3 });
    expect(waitOf(clock, clock)).toBe(0);
  });
});

describe("single rows", () => {
  /** Steps that renew a row. */
  const renewals = (clock: Clock) =>
    rowsOf(clock).map((rows, i) => rows > clock.rowsAfter(i, false));

  test("are renewed together from the last beginning on, where that is said", () => {
    const random = new Random(2);
    const counts = [0, 0];
    for (let i = 0; i < 5000; i++) {
      const shapes = [0, 1].map(() => ({
        ...{ delay: random.integer(3), stepsPerRow: 1 + random.integer(2) },
        ...{ early: random.integer(4), before: random.integer(2), isSingle: true },
      }));
      const [a, b] = shapes.map(clockOf) as [Clock, Clock];
      const begun = rowsOf(a).findIndex((rows, i) => rows > 0 && b.rowsAfter(i + 1, false) > 0);
      const [first, second] = [a, b].map((clock) => renewals(clock).slice(begun + 1));
      const isSaid = areRenewedTogether(a, b);
      counts[Number(isSaid)]!++;
      if (isSaid) expect(String(first)).toBe(String(second));
      const isEqual = JSON.stringify(shapes[0]) === JSON.stringify(shapes[1]);
      const areSteady = shapes.every((shape) => shape.stepsPerRow === 1 && !shape.early);
      if (isEqual || (areSteady && a.delay === b.delay)) expect(isSaid).toBe(true);
    }
    for (const count of counts) expect(count).toBeGreaterThan(100);
  });

  test("one is renewed with itself", () => {
    const clock = clockOf({ stepsPerRow: 2, early: 1, isSingle: true });
    expect(areRenewedTogether(clock, clock)).toBe(true);
  });

  test("the last to begin is the one that needs the longest sequence; of several, the first", () => {
    for (const [begins, last] of [
      [[1, 2, 3], 2],
      [[5, 1000, 999], 1],
      [[5, 999, 1000], 2],
      [[7, 7], 0],
      [[1], 0],
      [[64, 65], 1],
    ] as const) {
      const clocks = begins.map((begin) => clockOf({ stepsPerRow: begin, isSingle: true }));
      expect(lastToBegin(clocks as [Clock, ...Clock[]])).toBe(clocks[last]);
    }
  });

  test("rows that go on begin at once, and an end does not wait for what looks ahead", () => {
    const [steady, single] = [clockOf({ stepsPerRow: 9 }), clockOf({ isSingle: true })];
    expect(lastToBegin([steady, single])).toBe(single);
    const ahead = clockOf({ delay: 50, stepsPerRow: 3, isSingle: true });
    const windows = clockOf({ stepsPerRow: 4, isSingle: true });
    expect(lastToBegin([ahead, windows])).toBe(windows);
  });

  test("one that no sequence begins is the last", () => {
    const never = { ...clockOf({ isSingle: true }), rowsAfter: () => 0 };
    expect(lastToBegin([clockOf({ stepsPerRow: 1e6, isSingle: true }), never])).toBe(never);
  });
});

test.each<[Shape, boolean]>([
  [{}, true],
  [{ before: 2 }, true],
  [{ delay: 1 }, false],
  [{ stepsPerRow: 2 }, false],
  // Two rows of padding, and none for the second step.
  [{ early: 2 }, false],
])("a clock of %o gives every step a row: %s", (shape, gives) => {
  expect(givesEveryStep(clockOf(shape))).toBe(gives);
});

test("a count is rows, less so many times those of another, or what division leaves of it", () => {
  const [of, less] = [clockOf({ before: 3 }), clockOf({ stepsPerRow: 2, delay: 2 })];
  const counts = (count: Parameters<typeof countAfter>[0]) =>
    [4, 5, 6].map((steps) => countAfter(count, steps));
  expect(counts({ of })).toEqual([7, 8, 9]);
  expect(counts({ of: less })).toEqual([1, 1, 2]);
  expect(counts({ of, less })).toEqual([6, 7, 7]);
  expect(counts({ of, less, times: 2 })).toEqual([5, 6, 5]);
  expect(counts({ of, less, modulo: 4 })).toEqual([2, 3, 3]);
});
