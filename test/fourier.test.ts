import { expect, test } from "vitest";
import { twiddlesOf } from "../bindings/prefill/fourier.js";
import { fourier as exactFourier } from "./support/oracle-prefill.js";
import { Arena } from "./support/kernel.js";
import { Random } from "./support/random.js";

type Points = [re: number, im: number][];

/** Four sequences of complex numbers, and where they stand side by side. */
function place(arena: Arena, points: number, seed: number) {
  const random = new Random(seed);
  const values = random.floats(8 * points);
  const sequences = Array.from({ length: 4 }, (_, lane) =>
    Array.from({ length: points }, (_, t): [number, number] => [
      values[8 * t + lane]!,
      values[8 * t + 4 + lane]!,
    ]),
  );
  return { at: arena.copy(values), sequences };
}

const reversed = (index: number, points: number) => {
  let result = 0;
  for (let bit = 1; bit < points; bit *= 2) result = 2 * result + Number((index & bit) !== 0);
  return result;
};

const norm = (x: Points) => Math.sqrt(x.reduce((sum, [re, im]) => sum + re * re + im * im, 0));

test.each([4, 8, 64, 1024])("twiddles of %i points are those of the host to 1e-15", (points) => {
  const twiddles = twiddlesOf(points);
  for (let half = 1; half < points; half *= 2) {
    for (let j = 0; j < half; j++) {
      const angle = (Math.PI * j) / half;
      expect(Math.abs(twiddles[2 * (half + j)]! - Math.cos(angle))).toBeLessThan(1e-15);
      expect(Math.abs(twiddles[2 * (half + j) + 1]! - Math.sin(angle))).toBeLessThan(1e-15);
    }
  }
});

test.each([8, 16, 32, 64, 512])("a transform of %i points is exact to its bound", (points) => {
  const arena = new Arena();
  const { at, sequences } = place(arena, points, points);
  arena.kernel.fourier(at, points, arena.copy(twiddlesOf(points)));
  const found = arena.view(at, 8 * points);
  sequences.forEach((sequence, lane) => {
    const exact = exactFourier(sequence, -1);
    const bound = 2 ** -22 * Math.log2(points) * norm(sequence);
    exact.forEach(([re, im], f) => {
      const point = 8 * reversed(f, points) + lane;
      expect(Math.abs(found[point]! - re)).toBeLessThan(bound);
      expect(Math.abs(found[point + 4]! - im)).toBeLessThan(bound);
    });
  });
});

test.each([8, 16, 32, 64, 512])("and half of the way back, of %i points, is added", (points) => {
  const arena = new Arena();
  const { at, sequences } = place(arena, points, points + 1);
  const twiddles = arena.copy(twiddlesOf(points));
  const spectrum = arena.view(at, 8 * points);
  const natural = spectrum.slice();
  for (let f = 0; f < points; f++) {
    spectrum.set(natural.subarray(8 * f, 8 * f + 8), 8 * reversed(f, points));
  }
  const rows = points / 2 - 1;
  const [wide, narrow] = [arena.floats(8 * rows), arena.floats(4 * rows)];
  arena.view(wide, 8 * rows).fill(1);
  arena.kernel.inverseFourier(at, points, twiddles);
  arena.kernel.addSecondHalf(wide, 32, rows, at, points, twiddles, 1);
  arena.kernel.addSecondHalf(narrow, 16, rows, at, points, twiddles, 0);
  sequences.forEach((sequence, lane) => {
    const exact = exactFourier(sequence, 1).slice(points / 2);
    const bound = 2 ** -22 * Math.log2(points) * norm(sequence);
    for (let t = 0; t < rows; t++) {
      const [re, im] = exact[t]!;
      const row = arena.view(wide + 32 * t, 8);
      expect(Math.abs(row[lane]! - 1 - re)).toBeLessThan(bound);
      expect(Math.abs(row[lane + 4]! - 1 - im)).toBeLessThan(bound);
      expect(Math.abs(arena.view(narrow + 16 * t, 4)[lane]! - re)).toBeLessThan(bound);
    }
  });
});

test("spectra are multiplied and summed, of those that are known", () => {
  const arena = new Arena();
  const [points, count, known] = [8, 3, 2];
  const random = new Random(1);
  const taps = random.floats(points * count * 8);
  const spectra = [random.floats(8 * points), random.floats(8 * points)] as const;
  const lanes = [1, 3];
  const places = spectra.map((spectrum, k) => arena.copy(spectrum) + 4 * lanes[k]!);
  const table = arena.floats(known);
  new Uint32Array(arena.kernel.memory.buffer, table, known).set(places);
  const y = arena.floats(8 * points);
  arena.kernel.multiplySpectra(y, arena.copy(taps), count, table, known, points);
  const found = arena.view(y, 8 * points);
  for (let f = 0; f < points; f++) {
    for (let lane = 0; lane < 4; lane++) {
      let [re, im] = [0, 0];
      for (let k = 0; k < known; k++) {
        const at = (f * count + k) * 8 + lane;
        const [a, b] = [taps[at]!, taps[at + 4]!];
        const u = 8 * f + lanes[k]!;
        const [c, d] = [spectra[k]![u]!, spectra[k]![u + 4]!];
        re += a * c - b * d;
        im += a * d + b * c;
      }
      expect(Math.abs(found[8 * f + lane]! - re)).toBeLessThan(1e-6);
      expect(Math.abs(found[8 * f + lane + 4]! - im)).toBeLessThan(1e-6);
    }
  }
});
