import { expectLength, LmuError, typeOf } from "../errors.js";

/** Numbers of a caller: finite in f32, read during the call and never kept. */
export type Values = Float32Array | Float64Array | Int32Array | readonly number[];

/** What predictions and errors are written to. */
export type Results = Float32Array | Float64Array;

/** Numbers that are memory: reading them runs nobody's code. */
export type Numbers = Exclude<Values, readonly number[]>;

/** Classes by name, for the arrays of a frame have classes of their own. */
const KINDS: readonly unknown[] = ["Float32Array", "Float64Array", "Int32Array"];

/**
 * A caller's array itself, or a copy of a plain one, which may have getters.
 *
 * @throws TypeError if it is no array of numbers
 */
export function numbersOf(action: string, name: string, values: unknown): Numbers {
  if (ArrayBuffer.isView(values) && KINDS.includes((values as Numbers)[Symbol.toStringTag])) {
    return values as Numbers;
  }
  if (!Array.isArray(values)) {
    const got = `${name} is ${typeOf(values)}`;
    throw new TypeError(`Cannot ${action}: ${got}, expected an array of numbers: ${KINDS.join()}`);
  }
  const copy = new Float64Array(values.length);
  for (let i = 0; i < copy.length; i++) {
    const value: unknown = values[i];
    if (typeof value === "number") copy[i] = value;
    else
      throw new TypeError(`Cannot ${action}: ${name}[${i}] is ${typeOf(value)}, expected a number`);
  }
  return copy;
}

/** The same of a fixed length. @throws TypeError, RangeError */
export function vectorOf(action: string, name: string, values: unknown, length: number): Numbers {
  const numbers = numbersOf(action, name, values);
  expectLength(action, name, numbers.length, length);
  return numbers;
}

/** @throws LmuError input-invalid, for a number that is not finite in f32: only of others are squares finite in f64 */
export function refuse(action: string, name: string, index: number, value: number): never {
  throw new LmuError(
    "input-invalid",
    `Cannot ${action}: ${name}[${index}] is ${value}, expected a finite 32-bit float`,
  );
}
