import { PARTS } from "../runtime/records.js";
import type { Address } from "../plan/address.js";
import { Panels } from "../plan/panels.js";
import type { Installed, Remembered } from "../plan/prefill.js";
import { fourier, twiddlesOf } from "./fourier.js";
import { powerOf, product, responses, stepped, type System } from "./system.js";

/*
 * What the forms multiply with, in float64 from the matrices that are in memory, rounded once. Nothing but + - × and square
 * roots: the same bits on every engine.
 */

/** A matrix of a plan as f64[outputs, columns], padding included; memories multiply floats, whatever other layers do. */
export function readMatrix({ floats, integers, at }: Installed, matrix: Address): Float64Array {
  const word = (name: (typeof PARTS.matrix)[number]) =>
    integers[at(matrix) / 4 + PARTS.matrix.indexOf(name)]! >>> 0;
  const [panelsAt, columns, rows] = [word("panels") / 4, word("columns"), word("rows")];
  ASSERT: if (word("scales") !== 0) throw new Error("a matrix of int8");
  const panels = new Panels(rows, columns);
  return Float64Array.from({ length: rows * columns }, (_, i) => {
    return floats[panelsAt + panels.at(Math.floor(i / columns), i % columns)]!;
  });
}

/** Writes f64[rows, columns] as panels; outputs are padded with zeros. */
export function writePanels(
  { floats, at }: Installed,
  panelsAt: Address,
  values: Float64Array,
  columns: number,
): void {
  const rows = values.length / columns;
  const panels = new Panels(Math.ceil(rows / 4) * 4, columns);
  const first = at(panelsAt) / 4;
  values.forEach((value, i) => {
    floats[first + panels.at(Math.floor(i / columns), i % columns)] = value;
  });
}

/** The step of a memory: of order and theta, or as the file gives it. */
export function systemOf(memory: Installed, remembered: Remembered): System {
  const { order, matrix, weights } = remembered;
  if (matrix) {
    const D = matrix(memory.hold);
    return { order, D, B: Float64Array.from({ length: order }, (_, i) => -D[i * order]!) };
  }
  const both = readMatrix(memory, weights);
  const row = (i: number) => both.subarray(i * (order + 1), (i + 1) * (order + 1));
  const D = new Float64Array(order * order);
  for (let i = 0; i < order; i++) D.set(row(i).subarray(0, order), i * order);
  return { order, D, B: Float64Array.from({ length: order }, (_, i) => row(i)[order]!) };
}

/** (Ā^L - I | Ā^(L-1) B̄ … B̄): f64[order, order + L]. */
export function acrossOf(system: System, L: number): Float64Array {
  const { order } = system;
  const power = powerOf(system, L);
  const c = responses(system, L);
  const columns = order + L;
  const across = new Float64Array(order * columns);
  for (let i = 0; i < order; i++) {
    across.set(power.subarray(i * order, (i + 1) * order), i * columns);
    for (let j = 0; j < L; j++) across[i * columns + order + j] = c[(L - 1 - j) * order + i]!;
  }
  return across;
}

/**
 * W Ā^k, and W Ā^(k-j) B̄ for the inputs j up to k, of k = 1 … L: f64[L, outputs, channels, order + L].
 *
 * @param W - f64[outputs, channels, order]
 */
export function liftedOf(
  system: System,
  W: Float64Array,
  channels: number,
  L: number,
): Float64Array {
  const { order } = system;
  const rows = W.length / order;
  const width = order + L;
  const lifted = new Float64Array(L * rows * width);
  const taps = tapsOf(responses(system, L), W, order);
  let power = W;
  for (let k = 0; k < L; k++) {
    power = stepped(power, system);
    for (let row = 0; row < rows; row++) {
      const first = (k * rows + row) * width;
      lifted.set(power.subarray(row * order, (row + 1) * order), first);
      for (let j = 0; j <= k; j++) lifted[first + order + j] = taps[(k - j) * rows + row]!;
    }
  }
  return lifted;
}

/** W Ā^j B̄ of each row of W, f64[rows, order], for all Ā^j B̄, f64[count, order]: f64[count, rows]. */
export function tapsOf(left: Float64Array, W: Float64Array, order: number): Float64Array {
  const rows = W.length / order;
  const columns = new Float64Array(W.length);
  W.forEach((value, i) => {
    columns[(i % order) * rows + Math.floor(i / order)] = value;
  });
  return product(left, columns, order);
}

/**
 * Spectra of taps, in blocks of B, as assembly/layers/convolved.ts reads them: f32[outputs / 8, rounded up][2B][K][inputs][8].
 *
 * @param taps - f64[up to K · B, outputs, inputs]
 */
export function spectraOf(
  taps: Float64Array,
  outputs: number,
  inputs: number,
  B: number,
  K: number,
): Float32Array {
  const points = 2 * B;
  const twiddles = twiddlesOf(points);
  const spectra = new Float32Array(Math.ceil(outputs / 8) * points * K * inputs * 8);
  const [re, im] = [new Float64Array(points), new Float64Array(points)];
  for (let output = 0; output < outputs; output++) {
    const lane = output % 8;
    if (lane >= 4) continue;
    for (let k = 0; k < K; k++) {
      for (let input = 0; input < inputs; input++) {
        const tap = (t: number, o: number) =>
          t < B && o < outputs
            ? (taps[((k * B + t) * outputs + o) * inputs + input] ?? 0) / points
            : 0;
        for (let t = 0; t < points; t++) [re[t], im[t]] = [tap(t, output), tap(t, output + 4)];
        fourier(re, im, twiddles);
        const group = Math.floor(output / 8) * points;
        for (let f = 0; f < points; f++) {
          const at = (((group + f) * K + k) * inputs + input) * 8 + lane;
          spectra[at] = re[f]!;
          spectra[at + 4] = im[f]!;
        }
      }
    }
  }
  return spectra;
}

/** Whether less than 1e-7 of an input is left after half of these steps, f64[steps, order], whoever reads it. */
export function isLittleLeft(left: Float64Array, order: number): boolean {
  const count = left.length / order / 2;
  const norm = (j: number) =>
    Math.sqrt(left.subarray(j * order, (j + 1) * order).reduce((sum, x) => sum + x * x, 0));
  let [before, after] = [0, 0];
  for (let j = 0; j < count; j++) {
    before += norm(j);
    after += norm(count + j);
  }
  return after <= 1e-7 * before;
}
