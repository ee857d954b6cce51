import { LmuError } from "../errors.js";
import { pad4 } from "../facts/bytes.js";
import { countAfter } from "../facts/clock.js";
import type { StateField } from "../facts/facts.js";
import { roundEven, toHalf } from "../formats/containers/half.js";
import type { Plan } from "../plan/plan.js";
import { fromHalf, sizeOf } from "../tensor.js";

/** More than fit into memory. A small integer: the remainder of others takes 50 ns. */
const ALL = 2 ** 30;

/** How a snapshot stores floats: as they are, or rounded to half precision or to integers of 8 bits, both with scales. */
export type SnapshotDType = "f32" | "f16" | "int8";

/** How numbers are stored; of rounded ones also how many share a scale, and what the largest of them becomes. */
const FORMS = {
  f64: { Stored: Float64Array, block: ALL, most: 0 },
  f32: { Stored: Float32Array, block: ALL, most: 0 },
  f16: { Stored: Uint16Array, block: ALL, most: 2 ** 15 },
  int8: { Stored: Int8Array, block: 16, most: 127 },
};

/** Numbers that stand one after another in a snapshot: those of a field that are in use, or the newest output. */
interface Part {
  /** For people; the newest output has none. */
  readonly name?: string;
  readonly form: keyof typeof FORMS;
  /** Where they stand, in elements from the beginning of the state or the output; of rows, as many as there are. */
  readonly places: ArrayLike<number>;
  /** The rows that a state has grown by, one after another. */
  readonly isRows?: true;
}

/**
 * What is stored of a state, in this order: doubles, floats, the rows that it has grown by, then the newest output if later steps may repeat it. Counts are
 * left out, and rows that hold nothing: both follow from the position. After the end nothing reads rows any more.
 */
export function partsOf(
  plan: Plan,
  position: number,
  isEnded: boolean,
  dtype: SnapshotDType,
): readonly Part[] {
  const parts: Part[] = plan.stateFields
    .filter(({ counts, isFine }) => !counts && (dtype === "f32" || !isFine))
    .map((field) => ({
      name: `${field.field} of ${field.layer}`,
      form: field.type === "f64" ? "f64" : dtype,
      places: placesOf(field, field.used && usedOf(field.used, position, isEnded)),
    }));
  // They stand at multiples of 8.
  parts.sort((a, b) => Number(b.form === "f64") - Number(a.form === "f64"));
  if (plan.rowBytes && !isEnded) {
    const length = (position * plan.rowBytes) / 4;
    parts.push({ name: "a row", form: dtype, places: { length }, isRows: true });
  }
  const { isSteady, width } = plan.output;
  if (!isSteady && plan.rowsAfter(position, isEnded) > 0) {
    const places = placesOf({ offset: 0, shape: [width], stride: width, type: "f32" });
    parts.push({ form: "f32", places });
  }
  return parts;
}

/** Rows of a field that are in use, from one on. */
function usedOf(
  { first, rows, more = 0 }: NonNullable<StateField["used"]>,
  position: number,
  isEnded: boolean,
): readonly [first: number, rows: number] {
  if (isEnded) return [0, 0];
  return [first ? countAfter(first, position) : 0, Math.max(0, countAfter(rows, position) + more)];
}

/** Elements of the rows of a field, from one on and around its end: of all of them unless told. */
function placesOf(
  { offset, shape, stride, type }: Pick<StateField, "offset" | "shape" | "stride" | "type">,
  used?: readonly [first: number, rows: number],
): Int32Array {
  const columns = shape.at(-1)!;
  const all = sizeOf(shape) / columns;
  const [first, rows] = used ?? [0, all];
  const at = offset / (type === "f64" ? 8 : 4);
  const places = new Int32Array(rows * columns);
  for (let row = 0, i = 0; row < rows; row++) {
    const start = at + ((first + row) % all) * stride;
    for (let column = 0; column < columns; column++) places[i++] = start + column;
  }
  return places;
}

/** Bytes of a part in a snapshot: scales, numbers, and zeros up to a multiple of 4. */
export function bytesOf({ form, places: { length } }: Part): number {
  const { Stored, block, most } = FORMS[form];
  return pad4(length * Stored.BYTES_PER_ELEMENT + (most && 4 * Math.ceil(length / block)));
}

/**
 * Writes parts to a snapshot, or reads them.
 *
 * @param at - where the first one begins
 * @param past - a state outside of wasm, its rows, and the newest output; what is written is rounded there, too
 * @throws LmuError snapshot-invalid if a value of a field is not finite
 */
export function transfer(
  action: string,
  parts: readonly Part[],
  snapshot: ArrayBuffer,
  at: number,
  [state, rows, latest]: readonly [state: ArrayBuffer, rows: Float32Array, latest: Float32Array],
  isWriting: boolean,
): void {
  for (const part of parts) {
    const { name, form, places, isRows } = part;
    const { Stored, block, most } = FORMS[form];
    const State = form === "f64" ? Float64Array : Float32Array;
    const values = isRows ? rows : name ? new State(state) : latest;
    const { length } = places;
    const scales = new Float32Array(snapshot, at, most && Math.ceil(length / block));
    const stored = new Stored(snapshot, at + scales.byteLength, length);
    for (let first = 0, group = 0; first < length; first += block, group++) {
      const last = Math.min(first + block, length);
      if (most && isWriting) scales[group] = largest(values, places, first, last) / most;
      const scale = most ? scales[group]! : 1;
      for (let i = first; i < last; i++) {
        const place = places[i] ?? i;
        if (isWriting) {
          const value = values[place]! / scale;
          stored[i] = form === "f16" ? toHalf(value) : most ? roundEven(value) : value;
        }
        const value = (form === "f16" ? fromHalf(stored[i]!) : stored[i]!) * scale;
        values[place] = value;
        // As it is now: rounded, which may have carried it beyond f32. x - x is 0 for finite numbers alone.
        if (name && values[place] - values[place] !== 0) {
          const message = `Cannot ${action}: ${name} has ${value}, expected finite numbers`;
          throw new LmuError("snapshot-invalid", message);
        }
      }
    }
    at += bytesOf(part);
  }
}

/** The largest magnitude, or the smallest that layers leave in a state. */
function largest(
  values: Float32Array | Float64Array,
  places: ArrayLike<number>,
  first: number,
  last: number,
): number {
  let most = 1e-30;
  for (let i = first; i < last; i++) most = Math.max(most, Math.abs(values[places[i] ?? i]!));
  return most;
}
