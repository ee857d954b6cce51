import { clearVectors, copyVectors } from "../kernels/copy";
import { Plan } from "./layer";

/**
 * The rows a convolution or a pooling window may look at in this call: those kept from earlier calls, the new ones, and,
 * at the end of a sequence, the padding after it.
 *
 * The padded sequence is `left` zero rows, the input, `right` zero rows. A window spans `span` rows and moves by
 * `stride`; output j starts at row j·stride of the padded sequence. Between calls the state keeps the rows that later
 * outputs still need: fewer than span of them.
 */
@unmanaged
export class Window {
  input: usize = 0; // f32[rows][width]
  width: u32 = 0; // floats, padded
  rows: usize = 0; // scratch f32[span - 1 + capacity + right][streams][width]
  span: u32 = 0; // rows, (taps - 1)·dilation + 1
  stride: u32 = 0; // rows
  left: u32 = 0; // rows
  right: u32 = 0; // rows
  state: u32 = 0; // i32 rows kept less left (negative: rows to skip), 3 × padding, then f32[span - 1][width]
}

/** Fills window.rows and returns how many outputs it allows. */
export function openWindow(window: Window, plan: Plan, count: u32): u32 {
  const bytes = window.width << 2;
  const row = bytes * plan.streams;
  let kept = load<i32>(plan.state(0, window.state)) + <i32>window.left;
  let at = window.rows;
  for (let i = 0; i < kept; ++i) {
    for (let s: u32 = 0; s < plan.streams; ++s) {
      copyVectors(at, plan.state(s, window.state) + 16 + i * bytes, bytes);
      at += bytes;
    }
  }
  const skipped = kept < 0 ? min<u32>(-kept, count) : 0;
  copyVectors(at, window.input + skipped * row, (count - skipped) * row);
  at += (count - skipped) * row;
  kept += count;
  if (plan.flush) {
    // Rows still to be skipped may reach into the zeros behind the sequence.
    const zeros = <i32>window.right + min(kept, 0);
    if (zeros > 0) clearVectors(at, zeros * row);
    kept += window.right;
  }
  return kept < <i32>window.span ? 0 : (kept - window.span) / window.stride + 1;
}

/** Keeps what later outputs need. */
export function closeWindow(window: Window, plan: Plan, count: u32, outputs: u32): void {
  const bytes = window.width << 2;
  const row = bytes * plan.streams;
  const total = load<i32>(plan.state(0, window.state)) + <i32>window.left + count;
  const kept = total - <i32>(outputs * window.stride);
  let at = window.rows + outputs * window.stride * row;
  for (let i = 0; i < kept; ++i) {
    for (let s: u32 = 0; s < plan.streams; ++s) {
      copyVectors(plan.state(s, window.state) + 16 + i * bytes, at, bytes);
      at += bytes;
    }
  }
  for (let s: u32 = 0; s < plan.streams; ++s) {
    store<i32>(plan.state(s, window.state), kept - <i32>window.left);
  }
}
