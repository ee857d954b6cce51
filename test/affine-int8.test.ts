import { describe, expect, test } from "vitest";
import { Int8Matrix } from "../bindings/plan/int8-matrix.js";
import { Arena } from "./support/kernel.js";
import { Random } from "./support/random.js";

const ROWS = [4, 8, 12, 16, 20, 28, 32, 36, 52, 64, 100];
const COLUMNS = [1, 2, 3, 4, 5, 8, 13, 31, 64, 257];
/** About the two rows of a tile, and the 16 that are rounded at a time. */
const COUNTS = [1, 2, 3, 16, 17, 35];

interface Case {
  readonly rows: number;
  readonly columns: number;
  readonly count: number;
  /** Of x. */
  readonly size?: number;
}

/** Runs affineInt8 on random data. */
function runInt8({ rows, columns, count, size = 1 }: Case, change?: (x: Float32Array) => void) {
  const random = new Random(rows * 1000 + columns * 10 + count);
  const arena = new Arena();
  const matrix = new Int8Matrix(rows, columns);
  const W = random.floats(rows * columns);
  const packed = new Float32Array(matrix.size);
  for (let r = 0; r < rows; r++) {
    matrix.put(r, W.subarray(r * columns, (r + 1) * columns), packed, 0);
  }
  const x = random.floats(count * columns, size);
  change?.(x);
  const init = random.floats(count * rows);
  const [panels, initAt, y] = [arena.copy(packed), arena.copy(init), arena.floats(count * rows)];
  // What stands behind a row is not part of it.
  const xAt = arena.copy([...x, ...new Array<number>(8).fill(1e9)]);
  const scratch = arena.floats(matrix.roundedBytes / 4);
  const scales = panels + matrix.scalesAt;
  const shape = [columns, rows, scales, scratch] as const;
  arena.kernel.affineInt8(y, rows * 4, initAt, rows * 4, xAt, columns * 4, count, panels, ...shape);
  const stored = new Float32Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    matrix.get(r, stored.subarray(r * columns, (r + 1) * columns), packed, 0);
  }
  const run = (i: number, to: number) => {
    const [at, from] = [xAt + i * columns * 4, initAt + i * rows * 4];
    arena.kernel.affineInt8(to, 0, from, 0, at, 0, 1, panels, ...shape);
  };
  return {
    W,
    stored,
    scales: arena.view(scales, rows),
    x,
    init,
    y: arena.view(y, count * rows),
    arena,
    run,
  };
}

/** To the nearest integer, halves to the even one. */
function nearest(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest < 0.5 || (rest === 0.5 && below % 2 === 0) ? below : below + 1;
}

/** Calls back for every row of x, and gives what makes each output of that row. */
function forEachRow(
  { rows, columns, count }: Case,
  { x, stored }: ReturnType<typeof runInt8>,
  visit: (x: Float32Array) => (index: number, weights: Float32Array, row: number) => void,
): void {
  const weights = Array.from({ length: rows }, (_, r) =>
    stored.subarray(r * columns, (r + 1) * columns),
  );
  for (let n = 0; n < count; n++) {
    const visitOutput = visit(x.subarray(n * columns, (n + 1) * columns));
    weights.forEach((of, row) => visitOutput(n * rows + row, of, row));
  }
}

const largest = (values: ArrayLike<number>) =>
  Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

describe("affineInt8()", () => {
  const cases = ROWS.flatMap((rows) => COLUMNS.map((columns): [number, number] => [rows, columns]));

  test.each(cases)("is the sum of integers, to the last bit, at %i × %i", (rows, columns) => {
    const f = Math.fround;
    for (const count of COUNTS) {
      const ran = runInt8({ rows, columns, count });
      const expected = new Float32Array(count * rows);
      forEachRow({ rows, columns, count }, ran, (x) => {
        const most = f(largest(x));
        const factor = f(127 / most);
        const rounded = x.map((value) => nearest(f(value * factor)));
        return (i, weights, row) => {
          const scale = ran.scales[row]!;
          let sum = 0;
          for (let k = 0; k < columns; k++) sum += (weights[k]! / scale) * rounded[k]!;
          expected[i] = f(ran.init[i]! + f(f(scale * f(most / 127)) * f(sum)));
        };
      });
      expect(ran.y).toEqual(expected);
    }
  });

  test.each(cases)("stays within its bound at %i × %i", (rows, columns) => {
    for (const size of [1e-20, 1, 1e20]) {
      const ran = runInt8({ rows, columns, count: 3, size });
      let worst = 0;
      forEachRow({ rows, columns, count: 3 }, ran, (x) => {
        const most = largest(x);
        return (i, weights) => {
          let [exact, total] = [ran.init[i]!, 0];
          for (let k = 0; k < columns; k++) {
            exact += weights[k]! * x[k]!;
            total += Math.abs(weights[k]!);
          }
          const bound = (total * most) / 253 + 2 ** -22 * (Math.abs(ran.init[i]!) + total * most);
          worst = Math.max(worst, Math.abs(ran.y[i]! - exact) / bound);
        };
      });
      expect(worst).toBeLessThanOrEqual(1);
    }
  });

  test.each(ROWS)("gives a row the same bits alone and among others at %i rows", (rows) => {
    for (const columns of COLUMNS) {
      const { arena, run, y } = runInt8({ rows, columns, count: 35 });
      const alone = arena.floats(rows);
      for (let n = 0; n < 35; n++) {
        run(n, alone);
        expect(arena.view(alone, rows)).toEqual(arena.view(y.byteOffset + n * rows * 4, rows));
      }
    }
  });

  test("adds nothing for a row of zeros or of what is next to nothing", () => {
    for (const value of [0, -0, 1e-45, 1e-38]) {
      const { y, init } = runInt8({ rows: 20, columns: 13, count: 3 }, (x) => x.fill(value));
      expect(y).toEqual(init);
    }
  });

  test.each([NaN, Infinity, -Infinity])("gives NaN where an x is %d, and there alone", (value) => {
    for (const at of [0, 7, 12]) {
      const { y } = runInt8({ rows: 20, columns: 13, count: 3 }, (x) => (x[13 + at] = value));
      expect(y.subarray(20, 40).every(Number.isNaN)).toBe(true);
      expect([...y.subarray(0, 20), ...y.subarray(40)].every(Number.isFinite)).toBe(true);
    }
  });

  test("the largest sum that there can be fits", () => {
    const [rows, columns] = [4, 2 ** 17];
    const arena = new Arena();
    const matrix = new Int8Matrix(rows, columns);
    const packed = new Float32Array(matrix.size);
    for (let r = 0; r < rows; r++)
      matrix.put(r, new Float32Array(columns).fill(r % 2 ? 127 : -127), packed, 0);
    const [W, x] = [arena.copy(packed), arena.copy(new Float32Array(columns).fill(127))];
    const [y, zeros] = [arena.floats(rows), arena.floats(rows)];
    const scratch = arena.floats(matrix.roundedBytes / 4);
    arena.kernel.affineInt8(
      y,
      0,
      zeros,
      0,
      x,
      0,
      1,
      W,
      columns,
      rows,
      W + matrix.scalesAt,
      scratch,
    );
    const most = Math.fround(columns * 127 ** 2);
    expect([...arena.view(y, rows)]).toEqual([-most, most, -most, most]);
  });
});

describe("a matrix of integers", () => {
  test("has each weight within 1/254 of the largest of its row, and once rounded as it is", () => {
    const random = new Random(1);
    const [rows, columns] = [52, 37];
    const matrix = new Int8Matrix(rows, columns);
    const [once, twice] = [new Float32Array(matrix.size), new Float32Array(matrix.size)];
    const back = new Float32Array(columns);
    for (let r = 0; r < rows; r++) {
      const values = random.floats(columns, 10 ** (r - 26));
      matrix.put(r, values, once, 0);
      matrix.get(r, back, once, 0);
      const most = largest(values);
      back.forEach((value, i) => expect(Math.abs(value - values[i]!)).toBeLessThan(most / 253.9));
      matrix.put(r, back, twice, 0);
    }
    expect(new Uint8Array(twice.buffer)).toEqual(new Uint8Array(once.buffer));
  });
});
