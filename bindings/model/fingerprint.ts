import type { Description } from "../description.js";
import { unpack } from "../plan/pack.js";
import type { Plan } from "../plan/plan.js";
import type { Packing } from "../plan/weights.js";
import { type Hash, hashOf } from "./hash.js";

/**
 * 64 bits that tell models apart: of the description without its names and remarks, then of every weight as it is multiplied
 * with, whatever its place in memory. docs/snapshots.md has the text that is hashed.
 *
 * @param packings - of each tensor of the file
 * @param weights - f32, the whole weights region
 */
export function fingerprintOf(
  { input, layers, output }: Description,
  { costs, weights: type }: Plan,
  packings: ReadonlyMap<string, readonly Packing[]>,
  weights: Float32Array,
): Hash {
  let hash: Hash | undefined;
  const add = (words: ArrayLike<number>) => (hash = hashOf(words, hash));
  const addText = (value: object) =>
    add(Array.from(JSON.stringify(value, sorted), (letter) => letter.codePointAt(0)!));
  const numbers = new Map(layers.map(({ name }, i) => [name, i + 1]));
  const numberOf = (name: string) => numbers.get(name) ?? 0;
  for (const [i, { name, from, ...options }] of layers.entries()) {
    addText([from?.map(numberOf) ?? [i], options]);
    const tensors = [...costs[i]!.tensors].sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const { name: tensor, shape } of tensors) {
      addText([tensor.slice(name.length), shape]);
      unpack(packings.get(tensor)!, shape, weights, (row) => add(new Int32Array(row.buffer)));
    }
  }
  const { width, vocabulary } = input;
  const last = output === undefined ? layers.length : numberOf(output);
  // In int8 what they multiply is rounded, too: states go other ways than those of the same weights as floats.
  return addText([width ?? 0, vocabulary ?? 0, last, ...(type === "int8" ? [type] : [])]);
}

/** Objects with their fields in the order of names. */
function sorted(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort());
}
