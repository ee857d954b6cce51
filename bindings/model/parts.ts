import type { Plan } from "../plan/plan.js";
import { sizeOf } from "../tensor.js";
import type { Form } from "./rounding.js";

/** Values that stand one after another in a snapshot: those of a field that are in use, or the newest output. */
export interface Part {
  /** For people. */
  readonly name: string;
  readonly isOutput: boolean;
  readonly form: Form;
  readonly count: number;
  /** The first value of the field, in elements of its type from the beginning of the state. */
  readonly at: number;
  readonly columns: number;
  readonly stride: number;
  /** Rows of the field, and the one that comes first in the snapshot: the others follow around the end. */
  readonly rows: number;
  readonly first: number;
}

/**
 * What is stored of a state, in its order: floats and doubles of the fields, then the newest output if later steps may
 * repeat it. Counts are left out, and rows that hold nothing: both follow from the position. Nothing reads them after the end.
 */
export function partsOf(
  plan: Pick<Plan, "stateFields" | "output" | "rowsAfter">,
  position: number,
  isEnded: boolean,
  dtype: "f32" | "f16" | "int8",
): Part[] {
  const parts: Part[] = [];
  for (const { type, shape, stride, offset, ...field } of plan.stateFields) {
    if (field.after || (field.isFine && dtype !== "f32")) continue;
    const isDouble = type === "f64";
    const columns = shape.at(-1)!;
    const rows = sizeOf(shape) / columns;
    const [first, used] = !field.used ? [0, rows] : isEnded ? [0, 0] : field.used(position);
    parts.push({
      name: `${field.field} of ${field.layer}`,
      isOutput: false,
      form: isDouble ? "f64" : dtype,
      count: used * columns,
      at: offset / (isDouble ? 8 : 4),
      ...{ columns, stride, rows, first },
    });
  }
  const { isSteady, width } = plan.output;
  if (!isSteady && plan.rowsAfter(position, isEnded) > 0) {
    const place = { at: 0, columns: width, stride: width, rows: 1, first: 0 };
    parts.push({ name: "the output", isOutput: true, form: "f32", count: width, ...place });
  }
  return parts;
}

/** Where value i of a part stands, in elements. */
export function placeOf({ at, columns, stride, rows, first }: Part, i: number): number {
  const column = i % columns;
  return at + ((first + (i - column) / columns) % rows) * stride + column;
}
