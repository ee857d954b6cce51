import { describe, expect, test } from "vitest";
import { Panels } from "../bindings/plan/panels.js";
import { Arena } from "./support/kernel.js";
import { Random } from "./support/random.js";

const ROWS = [4, 8, 12, 16, 20, 28, 32, 36, 48, 52, 64, 100];
const COLUMNS = [1, 2, 3, 5, 31, 256];

interface Case {
  readonly rows: number;
  readonly columns: number;
  readonly count: number;
}

/** Runs affine on random data; gives its output, the exact one and the bound of the contract. */
function runAffine({ rows, columns, count }: Case, shared: boolean) {
  const random = new Random(rows * 1000 + columns * 10 + count);
  const arena = new Arena();
  const panels = new Panels(rows, columns);
  const W = random.floats(rows * columns);
  const packed = new Float32Array(panels.size);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) packed[panels.at(r, c)] = W[r * columns + c]!;
  }
  const x = random.floats(count * columns);
  const init = random.floats(shared ? rows : count * rows);
  const at = { y: arena.floats(count * rows), W: arena.copy(packed), x: arena.copy(x) };
  const initAt = arena.copy(init);
  const stride = rows * 4;
  const { affine } = arena.kernel;
  affine(at.y, stride, initAt, shared ? 0 : stride, at.x, columns * 4, count, at.W, columns, rows);
  const y = arena.view(at.y, count * rows).slice();
  const exact = new Float64Array(y.length);
  const bound = new Float64Array(y.length);
  for (let n = 0; n < count; n++) {
    for (let r = 0; r < rows; r++) {
      let sum = init[(shared ? 0 : n * rows) + r]!;
      let size = Math.abs(sum);
      for (let c = 0; c < columns; c++) {
        const product = W[r * columns + c]! * x[n * columns + c]!;
        sum += product;
        size += Math.abs(product);
      }
      exact[n * rows + r] = sum;
      bound[n * rows + r] = columns * 2 ** -23 * size;
    }
  }
  return { y, exact, bound, arena, at, initAt };
}

describe("affine()", () => {
  test.each(ROWS)("stays within its bound at %i rows", (rows) => {
    for (const columns of COLUMNS) {
      for (const count of [1, 2, 3, 7]) {
        const { y, exact, bound } = runAffine({ rows, columns, count }, count === 3);
        y.forEach((value, i) => {
          expect(Math.abs(value - exact[i]!)).toBeLessThanOrEqual(bound[i]!);
        });
      }
    }
  });

  test.each(ROWS)("gives a row the same bits alone and among others at %i rows", (rows) => {
    for (const columns of COLUMNS) {
      const count = 5;
      const { y, arena, at, initAt } = runAffine({ rows, columns, count }, false);
      const alone = arena.floats(rows);
      for (let n = 0; n < count; n++) {
        const [init, x] = [initAt + n * rows * 4, at.x + n * columns * 4];
        arena.kernel.affine(alone, 0, init, 0, x, 0, 1, at.W, columns, rows);
        expect(arena.view(alone, rows)).toEqual(y.subarray(n * rows, (n + 1) * rows));
      }
    }
  });

  test("accumulates in place, so that two terms have the bits of one", () => {
    const random = new Random(1);
    const arena = new Arena();
    const [rows, first, second] = [52, 7, 9];
    const [whole, left, right] = [first + second, first, second].map(
      (columns) => new Panels(rows, columns),
    ) as [Panels, Panels, Panels];
    const packed = [whole, left, right].map((panels) => new Float32Array(panels.size));
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < first + second; c++) {
        const value = random.floats(1)[0]!;
        packed[0]![whole.at(r, c)] = value;
        if (c < first) packed[1]![left.at(r, c)] = value;
        else packed[2]![right.at(r, c - first)] = value;
      }
    }
    const [W, V, U] = packed.map((values) => arena.copy(values)) as [number, number, number];
    const x = arena.copy(random.floats(first + second));
    const init = arena.copy(random.floats(rows));
    const [once, twice] = [arena.floats(rows), arena.floats(rows)];
    const { affine } = arena.kernel;
    affine(once, 0, init, 0, x, 0, 1, W, first + second, rows);
    affine(twice, 0, init, 0, x, 0, 1, V, first, rows);
    affine(twice, 0, twice, 0, x + first * 4, 0, 1, U, second, rows);
    expect(arena.view(twice, rows)).toEqual(arena.view(once, rows));
  });
});
