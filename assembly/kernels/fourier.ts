import { madd } from "../simd/f32x4";

/*
 * Discrete Fourier transforms of a power of two of points, four side by side: a point is f32[8], four real parts and four
 * imaginary ones. The forward transform leaves the points in bit-reversed order, in which the inverse takes them: products
 * of spectra need no order.
 *
 * Twiddles: e^(iπ j / half) at [half + j], for half = 1, 2, 4 … and j < half: f32[points][2], real and imaginary part.
 *
 * Error: 2^-22 · log₂(points) of the root of the sum of squares of all points (test/fourier.test.ts).
 */

/** Σ x[t] e^(-2πi f t / points), in place, by decimation in frequency. */
export function fourier(
  x: usize, // f32[points][8]
  points: u32, // a power of two, at least 2
  twiddles: usize, // f32[points][2]
): void {
  assert(points >= 2 && (points & (points - 1)) == 0, "points is no power of two");
  const end = x + (points << 5);
  for (let half = points >> 1; half; half >>= 1) {
    const span: usize = half << 5;
    for (let first = x; first < end; first += span << 1) {
      let w = twiddles + (half << 3);
      for (let a = first; a < first + span; a += 32, w += 8) {
        const b = a + span;
        const c = v128.load32_splat(w);
        const s = v128.load32_splat(w, 4);
        const ar = v128.load(a);
        const ai = v128.load(a, 16);
        const br = v128.load(b);
        const bi = v128.load(b, 16);
        v128.store(a, f32x4.add(ar, br));
        v128.store(a, f32x4.add(ai, bi), 16);
        const r = f32x4.sub(ar, br);
        const i = f32x4.sub(ai, bi);
        v128.store(b, madd(f32x4.mul(r, c), i, s));
        v128.store(b, f32x4.sub(f32x4.mul(i, c), f32x4.mul(r, s)), 16);
      }
    }
  }
}

/**
 * All stages but the last of Σ x[f] e^(2πi f t / points), in place, by decimation in time: t and t + points / 2 are then
 * x[t] ± e^(2πi t / points) x[t + points / 2].
 */
export function inverseFourier(
  x: usize, // f32[points][8]
  points: u32, // a power of two, at least 8
  twiddles: usize, // f32[points][2]
): void {
  assert(points >= 8 && (points & (points - 1)) == 0, "points is no power of two from 8 on");
  quarters(x, points);
  let half: u32 = 4;
  for (; half << 2 < points; half <<= 2) twoStages(x, points, half, twiddles);
  if (half << 1 < points) oneStage(x, points, half, twiddles);
}

/** The stages half = 1 and 2, whose twiddles are 1 and i. */
function quarters(x: usize, points: u32): void {
  for (const end = x + (points << 5); x < end; x += 128) {
    const r0 = v128.load(x);
    const r1 = v128.load(x, 32);
    const r2 = v128.load(x, 64);
    const r3 = v128.load(x, 96);
    let even = f32x4.add(r0, r1);
    const odd = f32x4.sub(r0, r1);
    let sum = f32x4.add(r2, r3);
    const rd = f32x4.sub(r2, r3);
    v128.store(x, f32x4.add(even, sum));
    v128.store(x, f32x4.sub(even, sum), 64);
    const i0 = v128.load(x, 16);
    const i1 = v128.load(x, 48);
    const i2 = v128.load(x, 80);
    const i3 = v128.load(x, 112);
    even = f32x4.add(i0, i1);
    sum = f32x4.add(i2, i3);
    v128.store(x, f32x4.add(even, sum), 16);
    v128.store(x, f32x4.sub(even, sum), 80);
    const id = f32x4.sub(i2, i3);
    v128.store(x, f32x4.sub(odd, id), 32);
    v128.store(x, f32x4.add(odd, id), 96);
    const other = f32x4.sub(i0, i1);
    v128.store(x, f32x4.add(other, rd), 48);
    v128.store(x, f32x4.sub(other, rd), 112);
  }
}

/** One stage: points half apart become their sum and difference, the second one turned. */
function oneStage(x: usize, points: u32, half: u32, twiddles: usize): void {
  const end = x + (points << 5);
  const span: usize = half << 5;
  for (let first = x; first < end; first += span << 1) {
    let w = twiddles + (half << 3);
    for (let a = first; a < first + span; a += 32, w += 8) {
      const b = a + span;
      const c = v128.load32_splat(w);
      const s = v128.load32_splat(w, 4);
      const br = v128.load(b);
      const bi = v128.load(b, 16);
      const r = f32x4.sub(f32x4.mul(br, c), f32x4.mul(bi, s));
      const i = madd(f32x4.mul(br, s), bi, c);
      const ar = v128.load(a);
      const ai = v128.load(a, 16);
      v128.store(a, f32x4.add(ar, r));
      v128.store(a, f32x4.add(ai, i), 16);
      v128.store(b, f32x4.sub(ar, r));
      v128.store(b, f32x4.sub(ai, i), 16);
    }
  }
}

/** The stages half and 2 · half, with one load and store of each point. The twiddle of the odd points is i times the even ones'. */
function twoStages(x: usize, points: u32, half: u32, twiddles: usize): void {
  const end = x + (points << 5);
  const span: usize = half << 5;
  for (let first = x; first < end; first += span << 2) {
    let v = twiddles + (half << 3);
    let w = twiddles + (half << 4);
    for (let a = first; a < first + span; a += 32, v += 8, w += 8) {
      const b = a + span;
      const d = b + span;
      const e = d + span;
      let c = v128.load32_splat(v);
      let s = v128.load32_splat(v, 4);
      let r = v128.load(b);
      let i = v128.load(b, 16);
      let tr = f32x4.sub(f32x4.mul(r, c), f32x4.mul(i, s));
      let ti = madd(f32x4.mul(r, s), i, c);
      r = v128.load(a);
      i = v128.load(a, 16);
      const ar = f32x4.add(r, tr);
      const ai = f32x4.add(i, ti);
      const br = f32x4.sub(r, tr);
      const bi = f32x4.sub(i, ti);
      r = v128.load(e);
      i = v128.load(e, 16);
      tr = f32x4.sub(f32x4.mul(r, c), f32x4.mul(i, s));
      ti = madd(f32x4.mul(r, s), i, c);
      r = v128.load(d);
      i = v128.load(d, 16);
      c = v128.load32_splat(w);
      s = v128.load32_splat(w, 4);
      let ur = f32x4.add(r, tr);
      let ui = f32x4.add(i, ti);
      const er = f32x4.sub(r, tr);
      const ei = f32x4.sub(i, ti);
      tr = f32x4.sub(f32x4.mul(ur, c), f32x4.mul(ui, s));
      ti = madd(f32x4.mul(ur, s), ui, c);
      v128.store(a, f32x4.add(ar, tr));
      v128.store(a, f32x4.add(ai, ti), 16);
      v128.store(d, f32x4.sub(ar, tr));
      v128.store(d, f32x4.sub(ai, ti), 16);
      ur = f32x4.sub(f32x4.mul(er, c), f32x4.mul(ei, s));
      ui = madd(f32x4.mul(er, s), ei, c);
      v128.store(b, f32x4.sub(br, ui));
      v128.store(b, f32x4.add(bi, ur), 16);
      v128.store(e, f32x4.add(br, ui));
      v128.store(e, f32x4.sub(bi, ur), 16);
    }
  }
}

/** y[f] = Σ taps[f][k] · u_k[f] over k < known. Of each u one lane is read, of taps and y all. */
export function multiplySpectra(
  y: usize, // f32[points][8]
  taps: usize, // f32[points][count][8]
  count: u32,
  spectra: usize, // addresses of u_k[0], lane and all: u32[known]
  known: u32, // up to count
  points: u32,
): void {
  const last = spectra + (known << 2);
  const rest = (count - known) << 5;
  for (let f: usize = 0; f < points << 5; f += 32, taps += rest) {
    let yr = f32x4.splat(0);
    let yi = f32x4.splat(0);
    for (let k = spectra; k < last; k += 4, taps += 32) {
      const u = load<usize>(k) + f;
      const ur = v128.load32_splat(u);
      const ui = v128.load32_splat(u, 16);
      const tr = v128.load(taps);
      const ti = v128.load(taps, 16);
      yr = f32x4.add(yr, f32x4.sub(f32x4.mul(ur, tr), f32x4.mul(ui, ti)));
      yi = f32x4.add(yi, madd(f32x4.mul(ur, ti), ui, tr));
    }
    v128.store(y + f, yr);
    v128.store(y + f, yi, 16);
  }
}

/**
 * The last stage of the inverse transform, for t from points / 2 on alone: adds the four real parts to four floats of a row,
 * and the four imaginary ones to the next four.
 */
export function addSecondHalf(
  y: usize, // f32[count][8], or [4] if it has no next four; stride bytes apart; in and out
  stride: u32,
  count: u32, // rows, up to points / 2
  x: usize, // f32[points][8]
  points: u32,
  twiddles: usize, // f32[points][2]
  hasNext: bool,
): void {
  const span: usize = points << 4;
  let w = twiddles + (points << 2);
  for (const end = x + (count << 5); x < end; x += 32, w += 8, y += stride) {
    const b = x + span;
    const c = v128.load32_splat(w);
    const s = v128.load32_splat(w, 4);
    const br = v128.load(b);
    const bi = v128.load(b, 16);
    const r = f32x4.sub(v128.load(x), f32x4.sub(f32x4.mul(br, c), f32x4.mul(bi, s)));
    v128.store(y, f32x4.add(v128.load(y), r));
    if (!hasNext) continue;
    const i = f32x4.sub(v128.load(x, 16), madd(f32x4.mul(br, s), bi, c));
    v128.store(y, f32x4.add(v128.load(y, 16), i), 16);
  }
}
