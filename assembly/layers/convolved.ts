import { clearVectors } from "../kernels/copy";
import { addSecondHalf, fourier, inverseFourier, multiplySpectra } from "../kernels/fourier";
import { Span } from "../matrix";
import { Plan } from "./layer";
import { Memory } from "./memory";

/** How memories may take the rows of a call: the plan's field of that name, written before it. */
export const enum Many {
  /** Row by row, with the bits of steps. */
  Exact,
  /** Many rows at once. */
  Parallel,
  /** The same, and every stream is at its beginning. */
  First,
  /** The same, and that held in an earlier call; all calls since then were of these streams. */
  Next,
}

/**
 * What is read of memories from the zero state on: convolutions of their inputs with taps W Ā^j B̄, by Fourier transforms of
 * blocks of B inputs, of which all that the taps reach back to are kept: K blocks (overlap-save, uniformly partitioned:
 * Stockham 1966, Gardner 1995). Four outputs lie side by side, and four more are the imaginary parts of a transform whose real
 * ones they are, for the inputs are real.
 */
@unmanaged
export class Convolved {
  least: u32 = 0; // rows from which it is faster
  block: u32 = 0; // B, a power of two from 4 on
  parts: u32 = 0; // K
  inputs: u32 = 0; // sequences whose convolutions are summed: the channels, or one
  outputs: u32 = 0; // of such a sum: floats, a multiple of 4
  steps: u32 = 0; // that a call may bring, a multiple of B
  taps: usize = 0; // f32[outputs / 8, rounded up][2B][K][inputs][8]: spectra, divided by 2B
  // f32[2B][2], as kernels/fourier.ts has them. What that leaves unused, the first: 1 if nothing is left of an input after K
  // blocks, else they serve the first K blocks of a sequence alone.
  twiddles: usize = 0;
  past: usize = 0; // f32[streams][channels][K·B + steps], the newest K·B inputs first
  spectra: usize = 0; // f32[K - 1 + steps / B][streams · channels / 4, rounded up][2B][8]
  work: usize = 0; // f32[2B][8], then u32[K][inputs]: addresses of spectra
  seen: u32 = 0; // inputs in the past, those of silence not counted
  isLost: u32 = 0; // there were others
}

/** Takes the inputs of a call and transforms them, if it can tell what its outputs are. */
export function convolve(c: Convolved, m: Memory, plan: Plan, from: u32, to: u32): bool {
  const count = to - from;
  const kept = c.parts * c.block;
  const rows = plan.streams * m.channels;
  if (plan.prefill == <u32>Many.First) {
    clearVectors(c.past, rows * ((kept + c.steps) << 2));
    c.seen = 0;
    c.isLost = 0;
  }
  if (!count) return false;
  const reaches = load<f32>(c.twiddles) != 0 || c.seen + count <= kept;
  if (
    plan.prefill < <u32>Many.First ||
    c.isLost ||
    !reaches ||
    count < c.least ||
    count > c.steps
  ) {
    c.isLost = 1;
    return false;
  }
  const blocks = (count + c.block - 1) / c.block;
  const bytes = (kept + c.steps) << 2;
  for (let row: u32 = 0; row < rows; ++row) {
    const past = c.past + row * bytes;
    let u = m.input + (from * plan.streams + row / m.channels) * m.inputStride;
    u += (row % m.channels) << 2;
    let at = past + (kept << 2);
    for (const end = at + (count << 2); at < end; at += 4) {
      store<f32>(at, load<f32>(u));
      u += plan.streams * m.inputStride;
    }
    memory.fill(at, 0, (blocks * c.block - count) << 2);
  }
  transform(c, rows, c.parts - 1 + blocks);
  for (let row: u32 = 0; row < rows; ++row) {
    const past = c.past + row * bytes;
    memory.copy(past, past + (count << 2), kept << 2);
  }
  return true;
}

/** Spectra of windows of two blocks, each a block later than the one before. */
function transform(c: Convolved, rows: u32, windows: u32): void {
  const bytes = (c.parts * c.block + c.steps) << 2;
  let x = c.spectra;
  for (let window: u32 = 0; window < windows; ++window) {
    for (let row: u32 = 0; row < rows; row += 4) {
      const past = c.past + row * bytes + ((window * c.block) << 2);
      const lanes = min<u32>(4, rows - row);
      const end = c.block << 3;
      for (let t: u32 = 0; t < end; t += 4) {
        const point = x + (t << 3);
        clearVectors(point, 32);
        for (let lane: u32 = 0; lane < lanes; ++lane) {
          store<f32>(point + (lane << 2), load<f32>(past + lane * bytes + t));
        }
      }
      fourier(x, c.block << 1, c.twiddles);
      x += c.block << 6;
    }
  }
}

/** Adds the outputs of the call at hand to rows of them, those of one sum `sumBytes` from those of the one before. */
export function addConvolved(
  c: Convolved,
  plan: Plan,
  count: u32,
  y: Span, // f32[count][streams][sums][outputs]
  sums: u32, // of a stream
  sumBytes: u32,
): void {
  const stride = <u32>(y >> 32);
  const points = c.block << 1;
  const tapBytes = (points * c.parts * c.inputs) << 5;
  let taps = c.taps;
  for (let output: u32 = 0; output < c.outputs; output += 8, taps += tapBytes) {
    for (let sum: u32 = 0; sum < plan.streams * sums; ++sum) {
      let at = <usize>y + (sum / sums) * stride + (sum % sums) * sumBytes + (output << 2);
      for (let t: u32 = 0; t < count; t += c.block) {
        const known = address(c, plan.streams * sums * c.inputs, sum, t / c.block);
        multiplySpectra(c.work, taps, c.parts * c.inputs, c.work + (points << 5), known, points);
        inverseFourier(c.work, points, c.twiddles);
        const rows = min(c.block, count - t);
        addSecondHalf(
          at,
          stride * plan.streams,
          rows,
          c.work,
          points,
          c.twiddles,
          output + 4 < c.outputs,
        );
        at += c.block * stride * plan.streams;
      }
    }
  }
  c.seen = min(c.seen + count, c.parts * c.block);
}

/** Writes the addresses of the spectra that a block of a sum needs, the newest first; returns how many are not of silence. */
function address(c: Convolved, rows: u32, sum: u32, block: u32): u32 {
  const known = min(c.parts, (c.seen + c.block - 1) / c.block + block + 1);
  const bytes = c.block << 6;
  const windowBytes = ((rows + 3) >> 2) * bytes;
  let at = c.work + bytes;
  for (let part: u32 = 0; part < known; ++part) {
    const window = c.spectra + (block + c.parts - 1 - part) * windowBytes;
    for (let i: u32 = 0; i < c.inputs; ++i, at += 4) {
      const row = sum * c.inputs + i;
      store<usize>(at, window + (row >> 2) * bytes + ((row & 3) << 2));
    }
  }
  return known * c.inputs;
}
