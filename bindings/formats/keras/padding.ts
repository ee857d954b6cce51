import type { Importer, Output } from "../importer.js";
import type { Fields } from "./fields.js";

/** What convolutions and pools see: steps from the first to the last of a window, and from window to window. */
interface Window {
  readonly size: number;
  readonly stride: number;
}

/** Rows of padding before and after the sequence. */
type Padding = readonly [before: number, after: number];

/**
 * The padding that an option asks for. "same" with a stride depends on the length: TensorFlow adds as little as makes
 * ⌈steps / stride⌉ windows of the sequence, the odd row after it. The model then works for its own length alone.
 */
export function paddingOf(fields: Fields, window: Window, x: Output, importer: Importer): Padding {
  const padding = fields.text("padding", "valid");
  const beyond = window.size - 1;
  if (padding === "causal") return [beyond, 0];
  if (padding === "valid") return [0, 0];
  if (padding !== "same") fields.refuse("padding", "valid, same or causal");
  if (window.stride === 1) return halves(beyond);
  if (x.steps === undefined || window.stride < 1) {
    fields.refuse(
      "strides",
      '1 with padding "same", or an input of a known number of steps: the padding depends on it',
    );
  }
  importer.needsSteps = true;
  const windows = Math.ceil(x.steps / window.stride);
  return halves(Math.max(0, (windows - 1) * window.stride + window.size - x.steps));
}

function halves(rows: number): Padding {
  return [Math.floor(rows / 2), rows - Math.floor(rows / 2)];
}

/** How many windows there are; undefined when the number of steps is. */
export function rowsThrough(
  { size, stride }: Window,
  [before, after]: Padding,
  steps: number | undefined,
): number | undefined {
  if (steps === undefined) return undefined;
  return Math.max(0, Math.floor((before + steps + after - size) / stride) + 1);
}
