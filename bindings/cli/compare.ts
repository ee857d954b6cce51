import { brief, LmuError } from "../errors.js";
import { sizeOf, type Tensor } from "../tensor.js";

/** How one output of the file compares. */
export interface Comparison {
  readonly output: string;
  /** "last" where one side has the last row of every sequence only. */
  readonly rows: "all" | "last";
  /** max |ours - theirs| */
  readonly difference: number;
  /** max |theirs| */
  readonly scale: number;
  /** How far theirs are from the same network in float64, where the file tells; that much is not ours. */
  readonly theirError: number;
  readonly passes: boolean;
}

/** Outputs row by row: [batch, rows, width]. */
export interface Rows {
  readonly batch: number;
  readonly width: number;
  /** Number of values in all. */
  readonly length: number;
  at(index: number): number;
}

/** The same network in float64 stands beside an output under this name. */
const exactName = (output: string): string => `${output}_f64`;

/**
 * Compares what the model gives with an output of the file.
 *
 * Of an output whose exact numbers stand beside it, what it is away from these is allowed in addition.
 *
 * @throws LmuError tensor-invalid if their shapes do not fit together
 */
export function compare(
  ours: Rows,
  output: string,
  tensors: ReadonlyMap<string, Tensor>,
  tolerance: number,
): Comparison {
  const theirs = rowsOf(tensors.get(output)!, ours, output);
  const exact = tensors.get(exactName(output));
  const theirError = exact
    ? differenceOf(theirs, rowsOf(exact, ours, exactName(output)), output)
    : 0;
  const difference = differenceOf(ours, theirs, output);
  const isLast = ours.length !== theirs.length;
  return {
    output,
    rows: isLast ? "last" : "all",
    difference,
    scale: scaleOf(theirs),
    theirError,
    passes: difference <= tolerance + theirError,
  };
}

/** A tensor as rows like those of the model, however many. */
function rowsOf(tensor: Tensor, { batch, width, length }: Rows, name: string): Rows {
  const size = sizeOf(tensor.shape);
  if (size === 0 || size % (batch * width) !== 0) misfit(name, size, length);
  return { batch, width, length: size, at: (index) => tensor.at(index) };
}

/** max |a - b| over all rows, or the last of every sequence where one side has no other. NaN differs from everything. */
function differenceOf(a: Rows, b: Rows, name: string): number {
  const { batch, width } = a;
  const [rowsA, rowsB] = [a, b].map(({ length }) => length / (batch * width)) as [number, number];
  if (rowsA !== rowsB && rowsA !== 1 && rowsB !== 1) misfit(name, b.length, a.length);
  const rows = Math.min(rowsA, rowsB);
  let most = 0;
  for (let sequence = 0; sequence < batch; sequence++) {
    // Rows are counted from the end, which is where a single row belongs.
    const [endA, endB] = [(sequence + 1) * rowsA * width, (sequence + 1) * rowsB * width];
    for (let i = 1; i <= rows * width; i++) {
      most = Math.max(most, Math.abs(a.at(endA - i) - b.at(endB - i)));
    }
  }
  return most;
}

function scaleOf({ length, at }: Rows): number {
  let most = 0;
  for (let i = 0; i < length; i++) most = Math.max(most, Math.abs(at(i)));
  return most;
}

function misfit(name: string, size: number, wanted: number): never {
  throw new LmuError(
    "tensor-invalid",
    `Cannot compare ${brief(name)}: it has ${size} values, expected ${wanted}, or the last row of every sequence`,
  );
}
