import { describe, expect, test } from "vitest";
import { Arena } from "./support/kernel.js";
import { Random } from "./support/random.js";

/** softmax(query · keys) · values in f64, and what the bound of attend() needs. */
function exactly(
  query: Float32Array,
  keys: Float32Array[],
  values: Float32Array[],
  slope: number,
  own: number,
) {
  const dot = (a: Float32Array, b: Float32Array) =>
    a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  const biases = keys.map((_, j) => slope * Math.abs(own - j));
  const scores = keys.map((key, j) => dot(query, key) - biases[j]!);
  const top = Math.max(...scores);
  const weights = scores.map((score) => Math.exp(score - top));
  const total = weights.reduce((a, b) => a + b, 0);
  const y = Array.from(
    query,
    (_, i) => values.reduce((sum, value, j) => sum + weights[j]! * value[i]!, 0) / total,
  );
  const size = Math.max(
    ...keys.map((key, j) =>
      query.reduce((sum, value, i) => sum + Math.abs(value * key[i]!), biases[j]!),
    ),
  );
  return { y, size, largest: Math.max(...values.map((value) => Math.max(...value.map(Math.abs)))) };
}

describe("attend()", () => {
  test.each([
    [4, 1, 1, 0],
    [4, 2, 1, 0.25],
    [8, 64, 3, 0],
    [24, 65, 0.1, 0.02],
    [64, 200, 1, 0.004],
    [100, 131, 2, 0.5],
  ])("width %i, %i keys of scale %f, slope %f, within its bound", (width, count, scale, slope) => {
    const own = count >> 1;
    const random = new Random(width * count);
    const arena = new Arena();
    const query = random.floats(width, scale);
    const keys = Array.from({ length: count }, () => random.floats(width, scale));
    const values = Array.from({ length: count }, () => random.floats(width));
    const row = 2 * width + 4;
    const [y, running] = [arena.floats(width), arena.copy([-Infinity, 0])];
    const [q, scores] = [arena.copy(query), arena.floats(68)];
    // At the end of the memory, where reading further would trap.
    const { memory } = arena.kernel;
    memory.grow(Math.ceil((count * row * 4) / 65536));
    const rows = memory.buffer.byteLength - count * row * 4;
    keys.forEach((key, j) => arena.view(rows + j * row * 4, width).set(key));
    values.forEach((value, j) => arena.view(rows + (j * row + width) * 4, width).set(value));
    for (let first = 0; first < count; first += 64) {
      const at = rows + first * row * 4;
      const seen = Math.min(64, count - first);
      const values = at + width * 4;
      const rest = [row * 4, seen, width, scores, Math.fround(slope), own - first] as const;
      arena.kernel.attend(y, running, q, at, values, ...rest);
    }
    const exact = exactly(query, keys, values, Math.fround(slope), own);
    const total = arena.view(running, 2)[1]!;
    const bound = (width * exact.size + count + 16) * 2 ** -22 * exact.largest;
    arena.view(y, width).forEach((value, i) => {
      expect(Math.abs(value / total - exact.y[i]!)).toBeLessThanOrEqual(bound);
    });
  });

  test("scores too far below the top weigh nothing, and far above it everything", () => {
    const arena = new Arena();
    const [y, running] = [arena.floats(4), arena.copy([-Infinity, 0])];
    const [query, scores] = [arena.copy([1, 0, 0, 0]), arena.floats(68)];
    const rows = arena.copy([-200, 0, 0, 0, 1, 2, 3, 4, 200, 0, 0, 0, 5, 6, 7, 8]);
    for (const at of [rows, rows + 32]) {
      arena.kernel.attend(y, running, query, at, at + 16, 32, 1, 4, scores, 0, 0);
    }
    expect([...arena.view(y, 4)]).toEqual([5, 6, 7, 8]);
    expect([...arena.view(running, 2)]).toEqual([200, 1]);
  });
});

describe("gram()", () => {
  test.each([
    [4, 1],
    [8, 24],
    [28, 204],
  ])("size %i over %i rows, within its bound", (size, count) => {
    const random = new Random(size);
    const arena = new Arena();
    const rows = Array.from({ length: count }, () => random.floats(2 * size + 4));
    const at = arena.copy(rows.flatMap((row) => [...row]));
    const y = arena.floats(size * size);
    arena.kernel.gram(y, at, at + size * 4, (2 * size + 4) * 4, count, size);
    arena.view(y, size * size).forEach((value, k) => {
      const [i, j] = [Math.floor(k / size), k % size];
      const products = rows.map((row) => row[i]! * row[size + j]!);
      const exact = products.reduce((a, b) => a + b, 0);
      const bound = count * 2 ** -23 * products.reduce((a, b) => a + Math.abs(b), 0);
      expect(Math.abs(value - exact)).toBeLessThanOrEqual(bound);
    });
  });
});
