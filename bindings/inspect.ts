import { nameClass } from "./errors.js";

/** Where Node and Bun, and where Deno look for what console.log prints: of an object with private fields only its name. */
const PLACES = ["nodejs.util.inspect.custom", "Deno.customInspect"].map(Symbol.for);

/** Makes objects of a class print as `Class {"fact":value,…}`, and convert to that text. */
export function printable<T extends object>(
  type: { readonly prototype: T },
  name: string,
  facts: (object: T) => object,
): void {
  nameClass(type, name);
  function text(this: T): string {
    // The prototype can be printed, too, and has no fields.
    return `${name} ${JSON.stringify(this === type.prototype ? {} : facts(this))}`;
  }
  for (const place of ["toString", ...PLACES]) {
    Object.defineProperty(type.prototype, place, { value: text });
  }
}

interface Sizes {
  readonly inputSize: number;
  readonly outputSize: number;
  readonly returnsSequence: boolean;
}

/** What models print of their shape. */
export function sizesOf({ inputSize, outputSize, returnsSequence }: Sizes): Sizes {
  return { inputSize, outputSize, returnsSequence };
}
