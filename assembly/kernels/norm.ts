import { madd, sumLanes } from "../simd/f32x4";

/** y = x·scale + shift, per feature: batch normalisation, rescaling, change of basis. Error: one rounding per operation. */
export function scaleShift(
  y: usize, // f32[rows][bytes / 4]
  x: usize,
  scale: usize, // f32[bytes / 4]
  shift: usize, // f32[bytes / 4], or 0: none
  rows: u32,
  bytes: u32,
): void {
  assert((y | x | scale | shift) % 4 == 0, "a row is not aligned");
  assert(bytes % 16 == 0, "bytes is no multiple of 16");
  for (let row: u32 = 0; row < rows; ++row) {
    for (let i: u32 = 0; i < bytes; i += 16) {
      const scaled = f32x4.mul(v128.load(x + i), v128.load(scale + i));
      v128.store(y + i, shift ? f32x4.add(scaled, v128.load(shift + i)) : scaled);
    }
    y += bytes;
    x += bytes;
  }
}

/**
 * y = (x - mean) / √(variance + epsilon) · scale + shift over one row (Ba, Kiros, Hinton 2016).
 *
 * Two passes; the padding lanes of x are read as zero and left out of both sums. y may be x.
 * Error: 4e-6 · max(1, |y|) for width <= 4096 and |mean| within 10 deviations.
 */
export function layerNorm(
  y: usize, // f32[padded width]
  x: usize, // f32[padded width], padding writable
  scale: usize,
  shift: usize,
  width: u32,
  epsilon: f32,
): void {
  assert((y | x | scale | shift) % 4 == 0, "a row is not aligned");
  assert(width > 0, "width is 0");
  const used = width << 2;
  const padded = (used + 15) & ~15;
  for (let i = used; i < padded; i += 4) store<f32>(x + i, 0);
  let total = f32x4.splat(0);
  for (let i: u32 = 0; i < padded; i += 16) total = f32x4.add(total, v128.load(x + i));
  const mean = sumLanes(total) / <f32>width;

  for (let i = used; i < padded; i += 4) store<f32>(x + i, mean);
  const centre = f32x4.splat(mean);
  let squares = f32x4.splat(0);
  for (let i: u32 = 0; i < padded; i += 16) {
    const difference = f32x4.sub(v128.load(x + i), centre);
    squares = madd(squares, difference, difference);
  }
  const deviation = sqrt<f32>(sumLanes(squares) / <f32>width + epsilon);
  const factor = f32x4.splat(1 / deviation);
  for (let i: u32 = 0; i < padded; i += 16) {
    const normal = f32x4.mul(f32x4.sub(v128.load(x + i), centre), factor);
    v128.store(y + i, madd(v128.load(shift + i), normal, v128.load(scale + i)));
  }
}
