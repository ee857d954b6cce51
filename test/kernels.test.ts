import { describe, expect, test } from "vitest";
import { COMBINES } from "../bindings/runtime/records.js";
import { Arena } from "./support/kernel.js";
import { Random } from "./support/random.js";

const SIZES = [4, 8, 52, 256];

describe("elementwise kernels give one rounding per operation", () => {
  test.each(SIZES)("at %i floats", (size) => {
    const random = new Random(size);
    const arena = new Arena();
    const { kernel } = arena;
    const f = Math.fround;
    const values = Array.from({ length: 5 }, () => random.floats(size));
    const [a, b, c, d] = values as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const place = () =>
      values.map((v) => arena.copy(v)) as [number, number, number, number, number];
    const bytes = size * 4;

    let [pa, pb, pc, , pe] = place();
    kernel.multiply(pe, pa, pb, bytes);
    expect([...arena.view(pe, size)]).toEqual([...a].map((v, i) => f(v * b[i]!)));

    kernel.multiplyAdd(pc, pa, pb, bytes);
    expect([...arena.view(pc, size)]).toEqual([...c].map((v, i) => f(v + f(a[i]! * b[i]!))));

    [pa, pb, pc, , pe] = place();
    kernel.mix(pe, pa, pb, pc, bytes);
    expect([...arena.view(pe, size)]).toEqual(
      [...a].map((z, i) => f(f(z * b[i]!) + f(f(1 - z) * c[i]!))),
    );

    const pd = arena.copy(d);
    kernel.updateCell(pa, pb, pc, pd, pd, bytes);
    const cell = [...a].map((v, i) => f(f(b[i]! * v) + f(c[i]! * d[i]!)));
    expect([...arena.view(pa, size)]).toEqual(cell);
    expect([...arena.view(pd, size)]).toEqual(cell);

    [pa, pb, pc, , pe] = place();
    kernel.scaleShift(pe, pa, pb, pc, 1, bytes);
    expect([...arena.view(pe, size)]).toEqual([...a].map((v, i) => f(f(v * b[i]!) + c[i]!)));
  });

  test.each(COMBINES.map((name, code) => [name, code] as const))("combine: %s", (name, code) => {
    const random = new Random(code);
    const arena = new Arena();
    const [a, b] = [random.floats(12), random.floats(12)];
    const [y, x] = [arena.copy(a), arena.copy(b)];
    arena.kernel.combine(code, y, x, 48);
    const exact = {
      add: (p: number, q: number) => p + q,
      subtract: (p: number, q: number) => p - q,
      multiply: (p: number, q: number) => p * q,
      maximum: Math.max,
      minimum: Math.min,
    }[name];
    expect([...arena.view(y, 12)]).toEqual([...a].map((v, i) => Math.fround(exact(v, b[i]!))));
  });
});

describe("layerNorm()", () => {
  test.each([1, 3, 8, 33, 1000, 4096])("stays within its bound at width %i", (width) => {
    const random = new Random(width);
    const arena = new Arena();
    const padded = Math.ceil(width / 4) * 4;
    const x = random.floats(width).map((value) => 3 * value + 8);
    const [scale, shift] = [random.floats(width), random.floats(width)];
    const at = arena.copy([...x, ...new Array<number>(padded - width).fill(1e9)]);
    const y = arena.floats(padded);
    arena.kernel.layerNorm(y, at, arena.copy(scale), arena.copy(shift), width, 1e-5);
    const mean = x.reduce((sum, value) => sum + value, 0) / width;
    const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / width;
    arena.view(y, width).forEach((value, i) => {
      const exact = ((x[i]! - mean) / Math.sqrt(variance + 1e-5)) * scale[i]! + shift[i]!;
      expect(Math.abs(value - exact)).toBeLessThanOrEqual(4e-6 * Math.max(1, Math.abs(exact)));
    });
  });
});
