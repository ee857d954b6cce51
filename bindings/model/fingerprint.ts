import type { Description } from "../description.js";
import { unpack } from "../plan/pack.js";
import type { Plan } from "../plan/plan.js";
import type { Packing } from "../plan/weights.js";
import { Hash } from "./hash.js";

/** Two words, u32. */
export type Fingerprint = readonly [number, number];

/**
 * 64 bits that tell models apart: of the description without its names and remarks, then of every weight as it is multiplied
 * with, whatever its place in memory. docs/snapshots.md has the text that is hashed.
 *
 * @param packings - of each tensor of the file
 * @param weights - f32, the whole weights region
 */
export function fingerprintOf(
  { input, layers, output }: Description,
  { costs }: Plan,
  packings: ReadonlyMap<string, readonly Packing[]>,
  weights: Float32Array,
): Fingerprint {
  const { width = 1, vocabulary } = input;
  const numbers = new Map(layers.map(({ name }, i) => [name, i + 1]));
  const numberOf = (name: string) => numbers.get(name) ?? 0;
  const tensors = costs.map((cost) => [...cost.tensors].sort((a, b) => (a.name < b.name ? -1 : 1)));
  const parts = layers.map(({ name, from, ...options }, i) => [
    { ...options, from: from?.map(numberOf) ?? [i] },
    tensors[i]!.map((tensor) => [tensor.name.slice(name.length + 1), ...tensor.shape]),
  ]);
  const last = output === undefined ? layers.length : numberOf(output);
  const text = JSON.stringify([vocabulary ?? 0, width, last, parts], sorted);
  const hash = new Hash().add(Array.from(text, (letter) => letter.codePointAt(0)!));
  for (const { name, shape } of tensors.flat()) {
    unpack(packings.get(name) ?? [], shape, weights, (row) => hash.add(new Int32Array(row.buffer)));
  }
  return hash.value;
}

/** 16 digits. */
export function hexOf(fingerprint: Fingerprint): string {
  return fingerprint.map((word) => word.toString(16).padStart(8, "0")).join("");
}

/** Objects with their fields in the order of names. */
function sorted(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
