import { encodeActivation } from "../activations.js";
import { brief, cannotLoad } from "../errors.js";

/** Checks one field's value; returns what was expected if it is not that. */
export type Check = (value: unknown, where: string) => string | undefined;

/** Fields of an object by name; those it must have end in "!". */
export type Fields = Readonly<Record<string, Check>>;

export const MAX_STEPS = 2 ** 24;
export const MAX_WIDTH = 2 ** 24;

export const integer =
  (low: number, high: number): Check =>
  (value) =>
    Number.isInteger(value) && (value as number) >= low && (value as number) <= high
      ? undefined
      : `an integer from ${low} to ${high}`;

/** A count of steps. */
export const steps = integer(1, MAX_STEPS);

export const oneOf =
  (...names: string[]): Check =>
  (value) =>
    names.includes(value as string) ? undefined : `one of ${names.join(", ")}`;

export const flag: Check = (value) => (typeof value === "boolean" ? undefined : "true or false");

/** The name of a layer. */
export const name: Check = (value) => (typeof value === "string" ? undefined : "a name");

export const positive: Check = (value) =>
  typeof value === "number" && value > 0 && value < Infinity ? undefined : "a number above 0";

export const activation: Check = (value, where) => {
  const named =
    typeof value === "object" && value !== null ? (value as { type?: unknown }).type : value;
  if (typeof named !== "string") return "the name of an activation, or an object with its type";
  encodeActivation(where, value as string);
  return undefined;
};

/**
 * Checks an object from a file: it has these fields, of the right kind, and no others.
 *
 * @param others - names of further fields, which the caller checks
 * @throws LmuError description-invalid
 */
export function checkFields(
  where: string,
  value: unknown,
  fields: Fields,
  others: readonly string[] = [],
): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    cannotLoad(`${where} is ${brief(value)}, expected an object`);
  }
  const given = new Map(Object.entries(value));
  for (const [key, check] of Object.entries(fields)) {
    const name = key.replace("!", "");
    const field = given.get(name);
    const expected = field === undefined && name === key ? undefined : check(field, where);
    if (expected) {
      cannotLoad(`${where} has ${name} ${brief(field)}, expected ${expected}`);
    }
    given.delete(name);
  }
  for (const name of others) given.delete(name);
  for (const name of given.keys()) {
    cannotLoad(`${where} has the unknown field ${brief(name)}`);
  }
}
