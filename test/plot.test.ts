import { expect, test } from "vitest";
import { LivePlot } from "../bindings/cli/plot.js";

/*
 * The picture of the demo: line, marks and bars say what the numbers say, in the space there is.
 */

const AHEAD = 15;

/** A sine and its prediction, which is off by an error. */
async function picture(width: number, error: (t: number) => number): Promise<string[]> {
  const plot = await LivePlot.create({ width, isColored: false }, AHEAD);
  const truth = (t: number) => 0.4 * Math.sin(t / 8);
  for (let t = 0; t < 200; t++) plot.add(truth(t + AHEAD) + error(t + AHEAD), truth(t));
  return plot.draw().split("\n").slice(0, -1);
}

/** Rows of a sign, by column. */
function places(lines: readonly string[], sign: RegExp): Map<number, number> {
  const found = lines.flatMap((line, row) =>
    [...line].flatMap((character, column) =>
      sign.test(character) ? [[column, row] as const] : [],
    ),
  );
  return new Map(found);
}

test.each([38, 40, 80, 100])("fits into %i columns", async (width) => {
  const lines = await picture(width, () => 0);
  expect(lines.length).toBe(LivePlot.lines);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
});

test("marks of a right prediction lie where the line would be, and no bar is seen", async () => {
  const lines = await picture(80, () => 0);
  const curves = lines.slice(1, 10);
  const marks = places(curves, /●/);
  // 72 columns: 144, 147 … 198 of the samples that came, and all 15 that are to come.
  expect(marks.size).toBe(19 + AHEAD);
  for (const [column, row] of marks) {
    // The samples end where the picture ends: the last mark is of sample 200 + AHEAD - 1.
    const t = 200 + AHEAD - 1 - (Math.max(...marks.keys()) - column);
    const value = 0.4 * Math.sin(t / 8);
    expect(Math.abs(row - (4 - value / 0.15))).toBeLessThan(0.75);
  }
  expect(lines.slice(10, 12).join("")).not.toMatch(/[▁-█]/);
});

test("bars are as high as the error", async () => {
  const lines = await picture(80, (t) => (t >= 190 ? 0.00025 : t >= 180 ? 0.1 : 0));
  const [top, bottom] = [lines[10]!, lines[11]!];
  expect(bottom).toMatch(/[^▁-█]█{20}$/);
  // Of the newest ten the upper half is empty: half of a full bar.
  expect(top).toMatch(/[^▁-█]█{10}$/);
});
